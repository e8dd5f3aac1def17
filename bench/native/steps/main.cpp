// SPDX-License-Identifier: GPL-2.0
/*
 * steps [--quick | --check]: what each step of a record costs, in instructions and in cycles.
 * Batches of all forms are timed in random order and read back. --check times nothing: it steps
 * through a batch of each form and fails if an instruction locks, which none does in the module.
 */
#include "forms.hpp"
#include "stepped.hpp"

#include "../../../kunit/support.h"
#include "../../common/spread.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include <x86intrin.h>

using namespace steps;
using perfbuf::page_shift;
using perfbuf::page_size;
using perfbuf::perf_buffer;
using perfbuf::storage_kind;

namespace
{

constexpr u32 in_batch = 1024;

/* The ring that a form writes to, and the words that it writes. */
class written
{
public:
	explicit written(const form &of) : of_(of)
	{
		if (of.on == target::bare) {
			bare_.data = static_cast<char *>(pb_vmalloc_alloc(data_bytes, -1, 1));
			bare_.page = static_cast<perf_event_mmap_page *>(
				pb_vmalloc_alloc(page_size, -1, 0));
			if (!bare_.data || !bare_.page)
				abort();
			return;
		}
		ring_ = perf_buffer::create({.nr_pages = data_bytes >> page_shift,
					     .watermark = data_bytes,
					     .overwrite = of.on == target::mirrored_overwrite,
					     .backward = false,
					     .storage = of.on == target::pages
								? storage_kind::pages
								: storage_kind::mirrored})
				.take()
				.release();
	}
	written(const written &) = delete;
	~written()
	{
		if (ring_) {
			ring_->put();
			pb_test_settle();
			return;
		}
		pb_vmalloc_free(bare_.data, data_bytes, 1);
		pb_vmalloc_free(bare_.page, page_size, 0);
	}

	void *to() { return ring_ ? static_cast<void *>(ring_) : &bare_; }
	void write(u64 *words, u32 count)
	{
		words[0] = count_;
		of_.write(to(), words, count);
	}
	/* The last @count records are those that were written; their space is given back. */
	bool read_back(const u64 *words, u32 count)
	{
		for (u32 i = 0; i < count; i++, count_++) {
			for (u32 word = 0; word < payload_words; word++, at_ += sizeof(u64)) {
				at_ += word ? 0 : sizeof(perf_event_header);
				if (word_at(at_) != (word ? words[word] : count_))
					return false;
			}
		}
		if (ring_) {
			if (ring_->user_page()->data_head != at_)
				return false;
			cxxrt::store_release(ring_->user_page()->data_tail, at_);
		}
		return true;
	}

private:
	u64 word_at(u64 position) const
	{
		const u64 offset = position & (data_bytes - 1);
		u64 found;
		const char *from =
			ring_ ? static_cast<const char *>(pb_test_frame_address(
					ring_->page_frame((offset >> page_shift) + 1).take())) +
					(offset & (page_size - 1))
			      : bare_.data + offset;

		memcpy(&found, from, sizeof(found));
		return found;
	}

	const form &of_;
	bare_ring bare_;
	perf_buffer *ring_ = nullptr;
	u64 at_ = 0, count_ = 0;
};

struct batch {
	written *to;
	u64 *words;
	u32 count;
};

void write_batch(void *argument)
{
	const batch &of = *static_cast<batch *>(argument);

	of.to->write(of.words, of.count);
}

/* Two batches of different length: what is around the records falls out. */
stepped of_a_record(const form &of, u64 *words)
{
	written to(of);
	batch few = {&to, words, 16}, many = {&to, words, 48};

	write_batch(&few);
	if (!to.read_back(words, few.count))
		abort();

	const stepped steps = step_through(write_batch, &few);

	if (!to.read_back(words, few.count))
		abort();

	const stepped other = step_through(write_batch, &many);
	const u32 more = many.count - few.count;

	if (!to.read_back(words, many.count))
		abort();
	return {(other.instructions - steps.instructions) / more,
		(other.locked - steps.locked) / more};
}

u64 ticks()
{
	_mm_lfence();

	const u64 now = __rdtsc();

	_mm_lfence();
	return now;
}

/* An addition that needs the one before it is a cycle. */
double ticks_of_a_cycle()
{
	double least = 1e9;

	for (int i = 0; i < 500; i++) {
		u64 x = 1;
		const u64 before = ticks();

		for (int j = 0; j < 1000; j++)
			asm volatile("add $1, %0\n\tadd $1, %0\n\tadd $1, %0\n\tadd $1, %0\n\t"
				     "add $1, %0\n\tadd $1, %0\n\tadd $1, %0\n\tadd $1, %0"
				     : "+r"(x)
				     :
				     : "cc");
		least = std::min(least, static_cast<double>(ticks() - before) / 8000);
	}
	return least;
}

int check(u64 *words)
{
	int status = 0;

	for (u32 i = 0; i < form_count; i++) {
		const stepped found = of_a_record(forms[i], words);

		printf("%s: %llu instructions, %llu locked\n", forms[i].name,
		       static_cast<unsigned long long>(found.instructions),
		       static_cast<unsigned long long>(found.locked));
		status |= found.locked || !found.instructions;
	}
	/* Would it be seen? */
	if (of_a_record(locked_form, words).locked != 1) {
		printf("%s: it was not found\n", locked_form.name);
		status = 1;
	}
	return status;
}

int measure(u32 rounds, u64 *words)
{
	std::vector<std::unique_ptr<written>> to;
	std::vector<std::vector<double>> took(form_count);
	std::vector<u32> order(form_count);
	std::mt19937 random(1);

	for (u32 i = 0; i < form_count; i++) {
		order[i] = i;
		to.push_back(std::make_unique<written>(forms[i]));
	}
	for (u32 round = 0; round < rounds; round++) {
		std::shuffle(order.begin(), order.end(), random);
		for (u32 i : order) {
			const u64 before = ticks();

			to[i]->write(words, in_batch);

			const u64 after = ticks();

			if (!to[i]->read_back(words, in_batch)) {
				fprintf(stderr, "%s: what is in the ring is not what was written\n",
					forms[i].name);
				return 1;
			}
			/* The first ones fill the caches. */
			if (round >= rounds / 20)
				took[i].push_back(static_cast<double>(after - before) / in_batch);
		}
	}

	const double cycle = ticks_of_a_cycle(), floor = spread_of(took[0]).middle;

	printf("\nEach step of a record of 64 bytes, natively:\n\n"
	       "| a record by | instructions | cycles | half of the batches | over memcpy |\n"
	       "|---|--:|--:|--:|--:|\n");
	for (u32 i = 0; i < form_count; i++) {
		const spread found = spread_of(took[i]);

		printf("| %s | %llu | %.1f | %.1f to %.1f | %.2f |\n", forms[i].name,
		       static_cast<unsigned long long>(of_a_record(forms[i], words).instructions),
		       found.middle / cycle, found.low / cycle, found.high / cycle,
		       found.middle / floor);
	}
	return 0;
}

} // namespace

int main(int argc, char **argv)
{
	/* Where it lies must not be chance. */
	alignas(64) static u64 words[payload_words];

	for (u32 i = 0; i < payload_words; i++)
		words[i] = i * 0x9e3779b97f4a7c15;
	if (argc == 2 && !strcmp(argv[1], "--check"))
		return check(words);
	if (argc == 2 && !strcmp(argv[1], "--quick"))
		return measure(200, words);
	if (argc == 1)
		return measure(4000, words);
	fprintf(stderr, "usage: %s [--quick | --check]\n", argv[0]);
	return 2;
}
