/* SPDX-License-Identifier: GPL-2.0 */
/* The objects that the cases of AUX share: a ring with an area, its writer, and the records it
 * leaves. */
#pragma once

#include "ring_harness.hpp"

#include "ring/aux.hpp"

namespace perfbuf::test
{

/* A source's setup, which remembers what it was given. */
class aux_filler final : public aux_owner
{
public:
	result<void *> setup_aux(const perfbuf_aux_pages &memory) noexcept override
	{
		if (fails)
			return cxxrt::error(EIO);
		given = memory;
		setups++;
		return this;
	}
	void free_aux(void *kept) noexcept override
	{
		frees++;
		freed = kept;
	}

	perfbuf_aux_pages given = {};
	u32 setups = 0;
	u32 frees = 0;
	void *freed = nullptr;
	bool fails = false;
};

/* A ring and its area, for as long as the scope lasts. */
class aux_ring
{
public:
	explicit aux_ring(const aux_area::options &wanted, u32 data_pages = 1) noexcept
		: ring_(make_ring(data_pages))
	{
		if (!ring_)
			return;

		result<ref<aux_area>> made = aux_area::create(*ring_, filler_, wanted);

		if (made) {
			area_ = made.take();
			ring_->set_aux(area_.get());
		}
	}
	~aux_ring()
	{
		unmap();
		ring_.reset();
		pb_test_settle();
	}
	aux_ring(const aux_ring &) = delete;
	aux_ring &operator=(const aux_ring &) = delete;

	explicit operator bool() const noexcept { return static_cast<bool>(area_); }
	perf_buffer &ring() noexcept { return *ring_; }
	aux_area &area() noexcept { return *area_; }
	aux_filler &filler() noexcept { return filler_; }
	perf_event_mmap_page &page() noexcept { return *ring_->user_page(); }
	ring_stats &stats() noexcept { return ring_->stats(); }

	/* As the last munmap() of the area. */
	void unmap() noexcept
	{
		if (!area_)
			return;
		ring_->set_aux(nullptr);
		area_.reset();
	}

	/* 0 or the errno; the transaction takes a reference of its own. */
	int begin(perfbuf_aux_handle &handle) noexcept
	{
		writer_section section;

		if (!area_->try_get())
			return ENXIO;

		result<void> begun = area_->begin(handle);

		if (!begun)
			area_->put();
		return begun ? 0 : begun.error().code();
	}
	bool end(perfbuf_aux_handle &handle, u64 size,
		 const record_origin &writer = origin()) noexcept
	{
		writer_section section;

		return static_cast<aux_area *>(handle.area)->end(handle, size, writer);
	}
	int skip(perfbuf_aux_handle &handle, u64 size) noexcept
	{
		writer_section section;
		result<void> skipped = area_->skip(handle, size);

		return skipped ? 0 : skipped.error().code();
	}
	/* One transaction of @size bytes. */
	int write(u64 size, u64 flags = 0) noexcept
	{
		perfbuf_aux_handle handle;
		const int ret = begin(handle);

		if (ret)
			return ret;
		handle.flags = flags;
		end(handle, size);
		return 0;
	}
	/* One short reservation, each byte @value. */
	int put(u64 bytes, u8 value = 0) noexcept
	{
		writer_section section;
		result<aux_reservation> reserved = area_->reserve(bytes, origin());

		if (!reserved)
			return reserved.error().code();

		aux_reservation taken = reserved.take();

		for (u64 i = 0; i < bytes; i++)
			taken.copy(&value, 1);
		taken.commit(origin());
		return 0;
	}

	u8 byte(u64 position) noexcept
	{
		const storage::span here = area_->memory().at(position);

		return static_cast<u8>(*here.address);
	}

private:
	aux_filler filler_;
	ref<perf_buffer> ring_;
	ref<aux_area> area_;
};

/* A reader of the records that announce AUX. */
class aux_reader
{
public:
	explicit aux_reader(perf_buffer &ring) noexcept : reader_(ring) {}

	struct announcement {
		u32 bytes = 0; /* of the record; 0: there is none */
		u64 offset = 0, size = 0, flags = 0, trailer = 0;
	};

	/* The next unread record, which is a PERF_RECORD_AUX. */
	announcement next() noexcept
	{
		const u64 at = reader_.tail();
		const perf_event_header header =
			__builtin_bit_cast(perf_event_header, reader_.word(at));

		if (at == reader_.head() || header.type != PERF_RECORD_AUX)
			return {};
		reader_.store_tail(at + header.size);
		return {header.size, reader_.word(at + 8), reader_.word(at + 16),
			reader_.word(at + 24),
			header.size > sizeof(aux_record) ? reader_.word(at + 32) : 0};
	}
	bool nothing() noexcept { return reader_.tail() == reader_.head(); }

private:
	ring_reader reader_;
};

} // namespace perfbuf::test
