/* SPDX-License-Identifier: GPL-2.0 */
/* A source with typed events, and readers of them, on the stand-in of glue.hpp. */
#pragma once

#include "glue.hpp"
#include "host.hpp"

#include "../../support.h"

#include "producer/source.hpp"

#include <perfbuf/producer.hpp>

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <vector>

extern "C" {
bool perfbuf_begin(perfbuf_emission *emission, perfbuf_event *event, __u32 bytes) noexcept;
void *perfbuf_reserve(perfbuf_emission *emission, perfbuf_event *event, __u32 bytes,
		      void *spare) noexcept;
}

namespace perfbuf::host
{

namespace pb = perfbuf::producer;

using fixed = pb::event<"fixed", pb::integer<pb::u32, "context">, pb::integer<pb::u64, "number">,
			pb::integer<pb::u8, "last">>;
using varying = pb::event<"varying", pb::integer<pb::u64, "number">, pb::chars<"name", 8>,
			  pb::string<"message">, pb::bytes<"blob">>;
using dump = pb::event<"dump", pb::bytes<"data">>;

/* The payload of fixed. */
struct [[gnu::packed]] fixed_payload {
	perfbuf_common common;
	u32 context;
	u64 number;
	u8 last;
};

class testdev
{
public:
	explicit testdev(u32 contexts = 0)
	{
		made.contexts = contexts;
		error = perfbuf_producer_register(&made, nullptr, PERFBUF_ABI);
	}
	~testdev() { unregister(); }
	testdev(const testdev &) = delete;
	void unregister() { perfbuf_producer_unregister(&made); }
	typed_source &source() { return *static_cast<typed_source *>(made.registered); }

	int starts = 0, stops = 0, start_answer = 0;
	perfbuf_event *const events[3] = {&fixed::object, &varying::object, &dump::object};
	perfbuf_source_ops ops = {
		.start =
			[](perfbuf_source *of) {
				testdev &self = *static_cast<testdev *>(of->data);

				self.starts += !self.start_answer;
				return self.start_answer;
			},
		.stop = [](perfbuf_source *of) { static_cast<testdev *>(of->data)->stops++; },
		.write = nullptr,
	};
	perfbuf_source made = {.name = "testdev",
			       .description = "what the tests want",
			       .events = events,
			       .event_count = 3,
			       .mode = 0,
			       .ops = &ops,
			       .data = this,
			       .registered = nullptr,
			       .aux = nullptr,
			       .contexts = 0};
	int error;
};

inline constexpr u64 time_tid_cpu =
	PERF_SAMPLE_RAW | PERF_SAMPLE_TIME | PERF_SAMPLE_TID | PERF_SAMPLE_CPU;

inline constexpr u64 every_field = time_tid_cpu | PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_ADDR |
				   PERF_SAMPLE_ID | PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_PERIOD;
inline constexpr u64 field_sets[] = {PERF_SAMPLE_RAW, time_tid_cpu,
				     PERF_SAMPLE_RAW | PERF_SAMPLE_TIME, every_field};

inline void emit_fixed(u64 number)
{
	fixed::emit(static_cast<u32>(now.level), number, static_cast<u8>(number));
}

inline perf_event_attr attr_of(const perfbuf_event &of, u64 fields = PERF_SAMPLE_RAW)
{
	perf_event_attr attr = {};

	attr.type = PERF_TYPE_TRACEPOINT;
	attr.size = sizeof(attr);
	attr.config = of.id;
	attr.sample_period = 1;
	attr.sample_type = fields;
	return attr;
}

struct raw_record {
	perf_event_header header;
	std::vector<char> body;

	template <typename T = u64>
	T at(size_t offset) const
	{
		T value = {};

		if (offset + sizeof(T) <= body.size())
			std::memcpy(&value, &body[offset], sizeof(T));
		return value;
	}
	bool operator==(const raw_record &other) const
	{
		return header.type == other.header.type && header.misc == other.header.misc &&
		       header.size == other.header.size && body == other.body;
	}
};

/* A file of the event on @cpu, with its ring, enabled. */
class reader final : public wake_target
{
public:
	reader(testdev &from, const perf_event_attr &attr, s32 cpu = 0,
	       const perf_buffer::options &wanted = {.nr_pages = 4})
		: source_(from.source()), owner_(std::make_unique<event>(attr, cpu, nullptr, *this))
	{
		EXPECT_TRUE(source_.file_opened());

		cxxrt::result<cxxrt::unique_ptr<stream>> made = source_.open(*owner_);

		if (!made) {
			error = made.error().code();
			return;
		}
		owner_->set_stream(made.take());
		ring_ = perf_buffer::create(wanted).take();
		ring_->attach(*this);
		owner_->set_ring(ring_.get());
		EXPECT_TRUE(owner_->enable());
	}
	~reader()
	{
		close();
		owner_.reset();
		source_.file_closed();
		source_.file_freed();
		if (ring_)
			ring_->detach(*this);
		ring_.reset();
		settle();
	}
	reader(const reader &) = delete;

	void close()
	{
		if (error || std::exchange(closed_, true))
			return;
		owner_->shut_down();
		owner_->set_ring(nullptr);
		owner_->producer().closed();
	}

	int set_filter(const char *text)
	{
		const auto set = owner_->producer().set_filter(text);

		return set ? 0 : set.error().code();
	}

	event &owner() { return *owner_; }
	perf_buffer &ring() { return *ring_; }
	void wake() noexcept override { woken++; }

	/* What came since the last look, oldest first; of a backward ring newest first. */
	std::vector<raw_record> records()
	{
		std::vector<raw_record> all;
		perf_event_mmap_page &page = *ring_->user_page();
		const u64 head = page.data_head;
		const u64 from = ring_->backward() ? head : page.data_tail;
		const u64 to = ring_->backward() ? page.data_tail : head;

		for (u64 at = from; at != to;) {
			raw_record one = {};
			u64 word = word_at(at);

			std::memcpy(&one.header, &word, sizeof(word));
			if (one.header.size < 8 || one.header.size % 8) {
				ADD_FAILURE() << "a record of " << one.header.size << " bytes";
				break;
			}
			for (u64 done = 8; done < one.header.size; done += 8) {
				word = word_at(at + done);
				const char *bytes = reinterpret_cast<char *>(&word);

				one.body.insert(one.body.end(), bytes, bytes + 8);
			}
			all.push_back(one);
			at += one.header.size;
		}
		page.data_tail = head;
		return all;
	}

	int error = 0;
	int woken = 0;

private:
	u64 word_at(u64 position) const
	{
		const u64 offset = position & (ring_->size() - 1);
		const unsigned long frame = ring_->page_frame(1 + (offset >> page_shift)).take();
		u64 word;

		std::memcpy(&word,
			    static_cast<char *>(pb_test_frame_address(frame)) +
				    (offset & (page_size - 1)),
			    sizeof(word));
		return word;
	}

	typed_source &source_;
	std::unique_ptr<event> owner_;
	cxxrt::ref<perf_buffer> ring_;
	bool closed_ = false;
};

/* Everything is as it was before. */
class producer_emission : public testing::Test
{
protected:
	producer_emission() { now = machine(); }
	~producer_emission() override
	{
		settle();
		EXPECT_EQ(now.emissions, 0);
		EXPECT_EQ(now.irqs_off, false);
		EXPECT_EQ(now.trace_ids, 0);
		EXPECT_EQ(now.percpu, 0);
		EXPECT_EQ(now.modules, 0);
	}
};

} // namespace perfbuf::host
