// SPDX-License-Identifier: GPL-2.0
/* Measures several CPUs that write at once, and prints the table. */
#include "several.hpp"

#include "../../common/spread.hpp"

#include <algorithm>
#include <cstdio>
#include <numeric>
#include <random>

#include <sys/ioctl.h>
#include <unistd.h>

namespace
{

constexpr unsigned bytes = 64;

class writers
{
public:
	writers(int bench, const row_of_several &row, unsigned cpus)
		: bench_(bench), of_(row.of), cpus_(cpus), shared_(row.shared),
		  /* As much as fits into half of a ring, with headers, also if it is one for all.
		   */
		  in_batch_(std::min(1024u, of_.data / 2 / (bytes + 24) / cpus))
	{
		for (unsigned cpu = 0; cpu < (shared_ ? 1 : cpus_); cpu++)
			readers_.push_back(of_.open({.bench = bench,
						     .mode = of_.mode,
						     .bytes = bytes,
						     .data = of_.data,
						     .files = 1,
						     .idle = 0,
						     .cpu = cpu}));
		there_ = open_peer(bench, of_, bytes, shared_ ? 1 : cpus_, readers_);
	}

	bool there() const { return there_; }

	/* The time of a record in a batch that this many CPUs wrote at once. */
	double write(unsigned cpus)
	{
		ring_bench_write batch = {.first = next_,
					  .records = in_batch_,
					  .cpus = cpus,
					  .written = 0,
					  .ticks = 0};

		if (ioctl(bench_, RING_BENCH_WRITE, &batch))
			fail(of_.peer);
		if (batch.written != uint64_t{in_batch_} * cpus)
			wrong(of_, "a record was refused");

		const std::vector<std::vector<uint64_t>> came = read();

		for (unsigned cpu = 0; cpu < cpus_; cpu++)
			check_records(of_, came[cpu], RING_BENCH_FIRST(cpu, next_),
				      cpu < cpus ? in_batch_ : 0, bytes);
		next_ += in_batch_;
		return static_cast<double>(batch.ticks) / in_batch_;
	}

private:
	/* Each CPU's. */
	std::vector<std::vector<uint64_t>> read()
	{
		std::vector<std::vector<uint64_t>> came(cpus_);

		if (!shared_) {
			for (unsigned cpu = 0; cpu < cpus_; cpu++)
				came[cpu] = readers_[cpu]->read();
			return came;
		}

		const std::vector<uint64_t> words = readers_.front()->read();
		constexpr size_t each = bytes / sizeof(uint64_t);

		if (words.size() % each)
			wrong(of_, "a part of a record came back");
		for (size_t at = 0; at < words.size(); at += each) {
			const uint64_t cpu = words[at] >> 48;

			if (cpu >= cpus_)
				wrong(of_, "a record is of no CPU");
			came[cpu].insert(came[cpu].end(), &words[at], &words[at] + each);
		}
		return came;
	}

	const int bench_;
	const row &of_;
	const unsigned cpus_;
	const bool shared_;
	const unsigned in_batch_;
	std::vector<std::unique_ptr<reader>> readers_;
	bool there_ = false;
	uint64_t next_ = 0;
};

/* A time for each repetition. */
struct times {
	std::vector<double> alone, together;
};

void measure(writers &by, unsigned cpus, unsigned batches, std::mt19937 &random, times &into)
{
	std::vector<double> alone, together;

	/* A ring may have something to do at its start. */
	by.write(1);
	by.write(cpus);
	for (unsigned i = 0; i < batches; i++) {
		const bool first = random() & 1;

		if (first)
			alone.push_back(by.write(1));
		together.push_back(by.write(cpus));
		if (!first)
			alone.push_back(by.write(1));
	}
	into.alone.push_back(spread_of(alone).middle);
	into.together.push_back(spread_of(together).middle);
}

/* Of each repetition. */
spread ratio(const std::vector<double> &these, const std::vector<double> &those)
{
	std::vector<double> all;

	for (size_t i = 0; i < these.size(); i++)
		all.push_back(these[i] / those[i]);
	return spread_of(all);
}

} // namespace

void print_several(int bench, std::span<const row_of_several> rows, size_t ours,
		   unsigned repetitions, unsigned batches)
{
	const unsigned cpus = std::min<unsigned>(
		static_cast<unsigned>(sysconf(_SC_NPROCESSORS_ONLN)), RING_BENCH_RINGS_MOST);
	std::vector<times> found(rows.size());
	std::vector<size_t> order(rows.size());
	std::mt19937 random;

	if (cpus < 2)
		fail_as("several CPUs are to write at once, and there is one: give the guest two");
	/* One after the other would give each peer the noise of its own minute. */
	std::iota(order.begin(), order.end(), size_t{0});
	for (unsigned repetition = 0; repetition < repetitions; repetition++) {
		std::shuffle(order.begin(), order.end(), random);
		for (size_t i : order) {
			writers by(bench, rows[i], cpus);

			if (by.there())
				measure(by, cpus, batches, random, found[i]);
		}
	}

	printf("\nSeveral CPUs at once, %u bytes:\n\n"
	       "| a record by | time on %u CPUs over one | half of the runs | perfbuf's over it | "
	       "half of the runs |\n|---|--:|--:|--:|--:|\n",
	       bytes, cpus);
	for (size_t i = 0; i < rows.size(); i++) {
		if (found[i].alone.empty()) {
			printf("| %s | not for this kernel | | | |\n", rows[i].of.name);
			continue;
		}

		const spread more = ratio(found[i].together, found[i].alone);
		const spread over = ratio(found[ours].together, found[i].together);

		printf("| %s | %.2f | %.2f to %.2f | %.2f | %.2f to %.2f |\n", rows[i].of.name,
		       more.middle, more.low, more.high, over.middle, over.low, over.high);
	}
	fflush(stdout);
}
