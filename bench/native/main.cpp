// SPDX-License-Identifier: GPL-2.0
/*
 * Measures the time of a record where the ring's code runs natively: the host build of it with the
 * module's own instructions (CXXRT_AS_IN_KERNEL), beside nothing but memcpy into a buffer of the
 * same size, with one thread and with one on each processor. A batch is timed; then all of it is
 * read back and compared, and its space given back.
 */
#include "table.hpp"

#include "../../kunit/support.h"

#include "ring/write.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <thread>

using namespace perfbuf;

namespace
{

constexpr u32 data_bytes = 512 * 1024;

class bare_origin final : public record_origin
{
public:
	constexpr bare_origin() noexcept : record_origin(1, 0) {}
	void write_trailer(reservation &) const noexcept override {}
};

constinit const bare_origin origin;

template <u32 bytes>
struct entry {
	perf_event_header header = {.type = PERF_RECORD_SAMPLE, .misc = 0, .size = sizeof(entry)};
	u64 words[bytes / sizeof(u64)];
};

/* Half of a ring, so that there is always space. */
template <u32 bytes>
constexpr u32 in_batch = std::min<u32>(1024, data_bytes / 2 / sizeof(entry<bytes>));

/* Nothing but memcpy: what any buffer has to do at least. */
class plain
{
public:
	static constexpr const char *name = "memcpy";

	template <u32 bytes>
	bool write(const u64 *words) noexcept
	{
		constexpr u32 size = sizeof(entry<bytes>);
		char *to = &data_[at_ & (data_bytes - 1)];
		const perf_event_header header = {
			.type = PERF_RECORD_SAMPLE, .misc = 0, .size = size};

		memcpy(to, &header, sizeof(header));
		memcpy(to + sizeof(header), words, bytes);
		at_ += size;
		return true;
	}
	u64 head() const noexcept { return at_; }
	void give_back() noexcept {}
	void read(u64 at, void *to, u32 bytes) const noexcept
	{
		memcpy(to, &data_[at & (data_bytes - 1)], bytes);
	}

	plain() noexcept
	{
		if (!data_)
			abort();
	}
	plain(const plain &) = delete;
	~plain() { pb_vmalloc_free(data_, data_bytes, 1); }

private:
	/* Mapped twice in a row, as the data of the ring beside it: a record goes on behind the
	 * end. */
	char *const data_ = static_cast<char *>(pb_vmalloc_alloc(data_bytes, -1, 1));
	u64 at_ = 0;
};

class a_ring
{
public:
	explicit a_ring(storage_kind storage)
		: ring_(perf_buffer::create({.nr_pages = data_bytes >> page_shift,
					     .watermark = data_bytes,
					     .overwrite = false,
					     .backward = false,
					     .storage = storage})
				.take()
				.release())
	{
	}
	a_ring(const a_ring &) = delete;
	~a_ring()
	{
		ring_->put();
		pb_test_settle();
	}

	/* C, pairs with B in perf_buffer::publish_head. */
	u64 head() const noexcept { return cxxrt::load_acquire(ring_->user_page()->data_head); }
	/* D, pairs with A in perf_buffer::advance_head. */
	void give_back() noexcept { cxxrt::store_release(ring_->user_page()->data_tail, head()); }
	void read(u64 at, void *to, u32 bytes) const noexcept
	{
		for (u32 i = 0; i < bytes; i += sizeof(u64)) {
			const u64 offset = (at + i) & (data_bytes - 1);
			const char *page = static_cast<const char *>(pb_test_frame_address(
				ring_->page_frame((offset >> page_shift) + 1).take()));

			memcpy(static_cast<char *>(to) + i, page + (offset & (page_size - 1)),
			       sizeof(u64));
		}
	}

protected:
	perf_buffer *const ring_;
};

class in_place final : public a_ring
{
public:
	static constexpr const char *name = "perfbuf: reserve, memcpy, commit";

	in_place() : a_ring(storage_kind::mirrored) {}

	template <u32 bytes>
	bool write(const u64 *words) noexcept
	{
		auto *to = static_cast<entry<bytes> *>(
			ring_->reserve_contiguous(sizeof(entry<bytes>), origin));

		if (!to) [[unlikely]]
			return false;
		to->header = {.type = PERF_RECORD_SAMPLE, .misc = 0, .size = sizeof(*to)};
		memcpy(to->words, words, bytes);
		ring_->commit_contiguous();
		return true;
	}
};

class by_copy final : public a_ring
{
public:
	static constexpr const char *name = "perfbuf: begin, copy, end inline";

	by_copy() : a_ring(storage_kind::pages) {}

	template <u32 bytes>
	bool write(const u64 *words) noexcept
	{
		cxxrt::result<reservation> begun = ring_->begin(sizeof(entry<bytes>), origin);

		if (!begun) [[unlikely]]
			return false;

		reservation record = begun.take();

		record.put(perf_event_header{
			.type = PERF_RECORD_SAMPLE, .misc = 0, .size = sizeof(entry<bytes>)});
		record.copy(words, bytes);
		record.commit();
		return true;
	}
};

/* Checks that the records from @at on are a batch whose counts begin with @first. */
template <u32 bytes, typename Peer>
bool is_batch(const Peer &peer, u64 at, u64 first, const entry<bytes> &model)
{
	entry<bytes> expected = model, found;

	for (u32 i = 0; i < in_batch<bytes>; i++, at += sizeof(found)) {
		expected.words[0] = first + i;
		peer.read(at, &found, sizeof(found));
		if (memcmp(&found, &expected, sizeof(found)))
			return false;
	}
	return at == peer.head();
}

template <typename Peer, u32 bytes>
void measure(benchmark::State &state)
{
	Peer peer;
	entry<bytes> model;
	u64 next = 0;

	for (u32 i = 0; i < std::size(model.words); i++)
		model.words[i] = i * 0x9e3779b97f4a7c15;
	for (auto _ : state) {
		/* Where it lies must not be chance. */
		alignas(64) u64 words[bytes / sizeof(u64)];
		const u64 at = peer.head(), first = next;
		bool all = true;

		memcpy(words, model.words, sizeof(words));

		const auto before = std::chrono::steady_clock::now();

		for (u32 i = 0; i < in_batch<bytes>; i++) {
			words[0] = next++;
			all &= peer.template write<bytes>(words);
			benchmark::ClobberMemory();
		}

		const auto after = std::chrono::steady_clock::now();

		if (!all || !is_batch<bytes>(peer, at, first, model)) {
			state.SkipWithError("what is in the ring is not what was written");
			break;
		}
		peer.give_back();
		state.SetIterationTime(std::chrono::duration<double>(after - before).count());
	}
	state.counters["records"] = static_cast<double>(next);
}

template <typename Peer, u32 bytes>
void add(int threads)
{
	benchmark::RegisterBenchmark(Peer::name, measure<Peer, bytes>)
		->Arg(bytes)
		->Threads(threads)
		->UseManualTime();
}

template <typename Peer>
void add_all()
{
	add<Peer, 8>(1);
	add<Peer, 64>(1);
	add<Peer, 256>(1);
	add<Peer, 1024>(1);
	add<Peer, 4096>(1);
	add<Peer, 64>(static_cast<int>(std::max(2u, std::thread::hardware_concurrency())));
}

} // namespace

int main(int argc, char **argv)
{
	benchmark::Initialize(&argc, argv);
	if (benchmark::ReportUnrecognizedArguments(argc, argv))
		return 2;
	add_all<plain>();
	add_all<in_place>();
	add_all<by_copy>();

	ratio_tables tables({plain::name, in_place::name, by_copy::name});

	benchmark::RunSpecifiedBenchmarks(&tables);
	benchmark::Shutdown();
	return tables.good() ? 0 : 1;
}
