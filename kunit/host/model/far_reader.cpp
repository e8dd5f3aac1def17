// SPDX-License-Identifier: GPL-2.0
/* A reader on another CPU, one access at a step. */
#include "far_reader.hpp"

#include "../../support.h"

namespace perfbuf::model
{

far_reader::far_reader(perf_buffer &ring, ledger &all, weak_memory &memory, reader_fault fault,
		       unsigned rounds)
	: ring_(ring), all_(all), memory_(memory), fault_(fault), rounds_(rounds)
{
	memory_.share(&ring.user_page()->data_head, 8);
	for (u32 i = 0; i < ring.nr_pages(); i++) {
		pages_.push_back(
			static_cast<char *>(pb_test_frame_address(ring.page_frame(i + 1).take())));
		memory_.share(pages_.back(), page_size);
	}
	head_ = tail_ = ring.user_page()->data_tail;
}

void far_reader::step(bool exploring)
{
	if (next_)
		(this->*next_)(exploring);
	else
		load_head(exploring);
}

void far_reader::load_head(bool exploring)
{
	const u64 last = head_;

	memory_.load(&head_, &ring_.user_page()->data_head, 8, exploring);
	if ((ring_.backward() ? last - head_ : head_ - last) > ring_.size())
		fail("data_head goes back, or too far, for another CPU");
	/* C */
	if (fault_ != reader_fault::no_rmb)
		memory_.reader_fence();
	at_ = ring_.backward() ? head_ : tail_;
	end_ = ring_.backward() ? tail_ : head_;
	if (at_ == end_) {
		end_round();
		return;
	}
	/* Without D: the space is given back before it was read. */
	if (fault_ == reader_fault::no_mb)
		__atomic_store_n(&ring_.user_page()->data_tail, head_, __ATOMIC_RELAXED);
	next_ = &far_reader::load_header;
}

void far_reader::load_words(u64 position, u32 bytes, bool exploring)
{
	for (u32 i = 0; i < bytes / 8; i++) {
		const u64 offset = (position + 8 * i) & (ring_.size() - 1);

		memory_.load(&words_[i], pages_[offset >> page_shift] + (offset & (page_size - 1)),
			     8, exploring);
	}
}

void far_reader::load_header(bool exploring)
{
	load_words(at_, 8, exploring);
	next_ = &far_reader::load_record;
}

void far_reader::load_record(bool exploring)
{
	const perf_event_header header = __builtin_bit_cast(perf_event_header, words_[0]);

	if (header.size < 16 || header.size % 8 || header.size > end_ - at_ ||
	    header.size > largest_record)
		fail("data_head shows another CPU what is no record");
	load_words(at_, header.size, exploring);
	if (__builtin_bit_cast(perf_event_header, words_[0]).size != header.size)
		fail("a header changes under another CPU's eyes");
	batch_.emplace_back(words_, words_ + header.size / 8);
	at_ += header.size;
	next_ = &far_reader::load_header;
	if (at_ != end_)
		return;

	for (std::size_t i = 0; i < batch_.size(); i++) {
		const auto &record = batch_[ring_.backward() ? batch_.size() - 1 - i : i];

		if (__builtin_bit_cast(perf_event_header, record[0]).type == PERF_RECORD_LOST)
			all_.reported(record[2]);
		else
			all_.receive(record.data(), static_cast<u32>(record.size() * 8));
	}
	next_ = &far_reader::store_tail;
}

void far_reader::store_tail(bool)
{
	/* D */
	memory_.reader_fence();
	tail_ = head_;
	__atomic_store_n(&ring_.user_page()->data_tail, tail_, __ATOMIC_RELAXED);
	end_round();
}

void far_reader::end_round()
{
	batch_.clear();
	next_ = nullptr;
	if (rounds_)
		rounds_--;
}

void far_reader::finish()
{
	do
		step(false);
	while (next_);
	/* The round at hand may have begun before the last record. */
	do
		step(false);
	while (next_);
}

} // namespace perfbuf::model
