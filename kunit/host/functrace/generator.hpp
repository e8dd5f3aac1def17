/* SPDX-License-Identifier: GPL-2.0 */
/* Streams of function traces by the module's encoder, and what the reader's decoder makes of them.
 */
#pragma once

#include "functrace/encoder_v1.hpp"
#include "sources/functrace/encoder.hpp"

#include <gtest/gtest.h>
#include <perfbuf/functrace.hpp>

#include <cstring>
#include <random>
#include <string>
#include <vector>

namespace functrace_test
{

namespace reader = perfbuf::reader::functrace;
using perfbuf::functrace::caller;
using perfbuf::functrace::encoder;
using reader::kind;
using reader::reason;

constexpr uint64_t text = 0xffffffff81000000;

struct call {
	uint64_t time;
	uint64_t address;
	uint32_t tid;
	std::string comm;

	bool operator==(const call &) const = default;
};

inline std::ostream &operator<<(std::ostream &to, const call &call)
{
	return to << call.time << ' ' << call.address << ' ' << call.tid << ' ' << call.comm;
}

inline encoder make_encoder(const encoder *, uint32_t cpu, uint32_t tick_shift, uint32_t sync_every)
{
	encoder made(cpu, tick_shift);
	made.set_sync_interval(sync_every);
	return made;
}

inline version_1::encoder make_encoder(const version_1::encoder *, uint32_t cpu,
				       uint32_t tick_shift, uint32_t sync_every)
{
	return version_1::encoder(cpu, tick_shift, sync_every);
}

inline caller caller_of(const encoder &, uint32_t tid, const char *comm)
{
	return {caller::ids_of(tid / 4, tid), comm};
}

inline version_1::caller caller_of(const version_1::encoder &, uint32_t tid, const char *comm)
{
	return {tid / 4, tid, comm};
}

/* The stream that an encoder makes of calls. */
template <typename Encoder>
struct stream_of {
	explicit stream_of(uint32_t tick_shift = 0, uint32_t sync_every = 4096, uint32_t cpu = 3)
		: made(make_encoder(static_cast<Encoder *>(nullptr), cpu, tick_shift, sync_every))
	{
	}

	uint32_t add(const call &call, bool stored = true)
	{
		uint8_t packets[Encoder::call_bytes_max];
		char comm[16] = {};

		memcpy(comm, call.comm.data(), std::min<size_t>(call.comm.size(), 15));
		const uint32_t size = made.call(packets, call.time, call.address,
						caller_of(made, call.tid, comm));
		EXPECT_LE(size, sizeof(packets));
		if (stored)
			append(packets, size);
		else
			made.not_stored();
		return size;
	}

	void end()
	{
		uint8_t packet[Encoder::end_bytes_max];
		append(packet, made.end(packet));
	}

	void append(const uint8_t *from, size_t size)
	{
		const auto *first = reinterpret_cast<const std::byte *>(from);
		bytes.insert(bytes.end(), first, first + size);
	}

	Encoder made;
	std::vector<std::byte> bytes;
};

using stream = stream_of<encoder>;
using stream_of_version_1 = stream_of<version_1::encoder>;

struct decoded {
	std::vector<call> calls;
	std::vector<reader::item> others;
	uint64_t lost = 0;
};

// Every byte is in one item at most, in order, and the decoder ends.
inline decoded decode(std::span<const std::byte> bytes)
{
	decoded out;
	reader::decoder from(bytes);
	uint64_t behind = 0;

	for (size_t steps = 0; auto item = from.next(); steps++) {
		EXPECT_LE(steps, bytes.size());
		EXPECT_GE(item->offset, behind);
		EXPECT_LT(item->offset, bytes.size());
		behind = item->offset + (item->type == kind::cut ? item->count : 1);
		EXPECT_LE(behind, bytes.size());
		if (item->type == kind::call) {
			out.calls.push_back({item->time, item->address,
					     item->task ? item->task->tid : 0,
					     item->task ? std::string(item->task->name()) : ""});
		} else {
			out.others.push_back(*item);
			out.lost += item->type == kind::lost ? item->count : 0;
		}
	}
	return out;
}

// Calls as a kernel makes them: some functions again and again, few tasks, times of all kinds.
class generator
{
public:
	/* @loops: the functions are mostly called in the same order, again and again. */
	explicit generator(uint32_t seed, bool loops = false) : random_(seed), loops_(loops)
	{
		for (int i = 0; i < 400; i++)
			functions_.push_back(i % 50 ? text + random_() % 0x1200000
						    : 0xffffffffc0000000 + random_() % 0x100000);
		functions_.push_back(0);
		functions_.push_back(~0ULL);
	}

	call next()
	{
		const uint32_t kind = random_() % 1000;
		time_ += kind < 900   ? random_() % 300
			 : kind < 995 ? random_() % 10000
				      : (uint64_t{random_()} << 12);
		if (random_() % 40 == 0)
			tid_ = 1 + random_() % 5 * 1000000;
		if (random_() % 400 == 0)
			comm_ = std::string(random_() % 16, static_cast<char>(1 + random_() % 255));
		if (comm_.find('\x7f') != std::string::npos)
			comm_ = "\u00e4";
		if (loops_ && random_() % 16)
			at_ = (at_ + 1) % 100;
		else
			at_ = random_() % (random_() % functions_.size() + 1);
		return {time_, functions_[at_], tid_, comm_};
	}

	uint32_t random() { return random_(); }

private:
	std::mt19937 random_;
	std::vector<uint64_t> functions_;
	bool loops_;
	size_t at_ = 0;
	uint64_t time_ = 1'700'000'000'000'000;
	uint32_t tid_ = 1;
	std::string comm_ = "init";
};

} // namespace functrace_test
