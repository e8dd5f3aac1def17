// SPDX-License-Identifier: GPL-2.0
/* Runs one peer, checks the records that it wrote, and counts its instructions. */
#include "measure.hpp"

#include "../../common/counter.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <sys/ioctl.h>

void wrong(const row &of, const char *message)
{
	fail_as(std::string(of.peer) + ": " + of.name + ": " + message);
}

void check_records(const row &of, const std::vector<uint64_t> &words, uint64_t first,
		   size_t records, unsigned bytes)
{
	const size_t each = bytes / sizeof(uint64_t);

	if (words.size() != records * each)
		wrong(of, "other records came back than were written");
	for (size_t i = 0; i < records; i++) {
		const size_t n = of.mode & RING_BENCH_BACKWARD ? records - 1 - i : i;

		if (words[i * each] != first + n)
			wrong(of, "a record is missing or out of order");
		for (size_t word = 1; word < each; word++)
			if (words[i * each + word] != RING_BENCH_WORD(uint64_t{word}))
				wrong(of, "a record has other bytes than were written");
	}
}

bool open_peer(int bench, const row &of, unsigned bytes, unsigned rings,
	       std::span<const std::unique_ptr<reader>> readers)
{
	ring_bench_open wanted = {.mode = of.mode, .bytes = bytes, .data = of.data, .rings = rings};

	strcpy(wanted.peer, of.peer);
	for (size_t i = 0; i < std::size(wanted.fds); i++)
		wanted.fds[i] = i < readers.size() ? readers[i]->fd() : -1;
	if (!ioctl(bench, RING_BENCH_OPEN, &wanted))
		return true;
	if (!of.optional || errno != ENODEV)
		fail(of.peer);
	return false;
}

namespace
{

class bench_of
{
public:
	bench_of(int bench, const row &of, unsigned bytes) : bench_(bench), of_(of), bytes_(bytes)
	{
		records_ = of.open({bench, of.mode, bytes, of.data, of.files, of.idle});

		there_ = open_peer(bench, of, bytes, of.rings, {&records_, 1});
		/* As many records as fit into half of a ring, with headers. */
		in_batch_ = std::min(64u, of.data / 2 / (bytes + 16));
	}

	bool there() const { return there_; }

	figures run(unsigned batches)
	{
		/* The first is not counted: a ring may have something to do at its start. */
		switch (of_.reader) {
		case reading::each_batch:
		case reading::counted:
			for (unsigned i = 0; i <= batches; i++)
				keep_up(i > 0);
			break;
		case reading::never:
			overwrite(batches);
			break;
		case reading::full:
			fill(batches);
			break;
		}
		found_.mean = sum_ / counted_;
		return found_;
	}

private:
	/* How many were written; their ticks are noted if they count. */
	unsigned write(bool counts)
	{
		ring_bench_write batch = {
			.first = next_, .records = in_batch_, .cpus = 0, .written = 0, .ticks = 0};

		if (ioctl(bench_, RING_BENCH_WRITE, &batch))
			fail(of_.peer);
		if (counts)
			note(static_cast<double>(batch.ticks) / in_batch_);
		return static_cast<unsigned>(batch.written);
	}

	void note(double each)
	{
		found_.fewest = std::min(found_.fewest, each);
		found_.most = std::max(found_.most, each);
		sum_ += each;
		counted_++;
	}

	void write_all(bool counts)
	{
		if (write(counts) != in_batch_)
			wrong(of_, "a record was refused");
		next_ += in_batch_;
	}

	void keep_up(bool counts)
	{
		const uint64_t first = next_;

		write_all(counts && of_.reader != reading::counted);
		if (of_.reader != reading::counted) {
			check_records(of_, records_->read(), first, of_.silent ? 0 : in_batch_,
				      bytes_);
			return;
		}

		const uint64_t before = counter();
		const uint64_t sum = records_->sum();
		const uint64_t ticks = counter() - before;

		if (sum != first * in_batch_ + uint64_t{in_batch_} * (in_batch_ - 1) / 2)
			wrong(of_, "the reader found other records than were written");
		if (counts)
			note(static_cast<double>(ticks) / in_batch_);
	}

	void overwrite(unsigned batches)
	{
		/* Two and a half rings at least, so all that is left was written over something. */
		const unsigned around = of_.data / bytes_ * 5 / 2 / in_batch_;

		for (unsigned i = 0; i < around; i++)
			write_all(false);
		for (unsigned i = 0; i < batches; i++)
			write_all(true);

		const std::vector<uint64_t> words = records_->read();
		const size_t records = words.size() / (bytes_ / sizeof(uint64_t));

		if (records * bytes_ < of_.data / 4)
			wrong(of_, "the newest records are not there");
		check_records(of_, words, next_ - records, records, bytes_);
	}

	void fill(unsigned batches)
	{
		uint64_t refused = 0;
		unsigned written;

		while ((written = write(false)) == in_batch_)
			next_ += in_batch_;
		next_ += written;
		refused = in_batch_ - written;
		for (unsigned i = 0; i < batches; i++, refused += in_batch_)
			if (write(true))
				wrong(of_, "a ring that is full takes a record");
		check_records(of_, records_->read(), 0, next_, bytes_);

		const uint64_t first = next_;

		write_all(false);
		check_records(of_, records_->read(), first, in_batch_, bytes_);
		if (of_.reports_loss && records_->lost() != refused)
			wrong(of_, "the ring reports another loss than there was");
	}

	const int bench_;
	const row &of_;
	const unsigned bytes_;
	std::unique_ptr<reader> records_;
	bool there_ = false;
	unsigned in_batch_ = 0;
	uint64_t next_ = 0; /* the count of the next record */
	figures found_ = {1e9, 0, 0};
	double sum_ = 0;
	unsigned counted_ = 0;
};

} // namespace

std::optional<figures> measure(int bench, const row &of, unsigned bytes, unsigned batches)
{
	bench_of measured(bench, of, bytes);

	if (!measured.there())
		return std::nullopt;
	return measured.run(batches);
}

void print_steps(int bench, const row &of)
{
	const std::unique_ptr<reader> records =
		of.open({bench, of.mode, 64, of.data, of.files, of.idle});
	std::string text(RING_BENCH_DATA, ' ');
	ring_bench_trace wanted = {reinterpret_cast<uint64_t>(text.data()), RING_BENCH_DATA, 0};

	if (!open_peer(bench, of, 64, 1, {&records, 1}) || ioctl(bench, RING_BENCH_TRACE, &wanted))
		fail(of.peer);
	text.resize(wanted.bytes);
	fputs(text.c_str(), stdout);
}
