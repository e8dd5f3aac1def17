/* SPDX-License-Identifier: GPL-2.0 */
/* A source with typed events, and readers of them, on the stand-in of glue.hpp. */
#pragma once

#include "glue.hpp"
#include "host.hpp"

#include "../../support.h"

#include "device/task_set.hpp"
#include "glue/trim.h"
#include "producer/source.hpp"

#include <perfbuf/producer.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>
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
/* A string, and no parts. */
using tagged = pb::event<"tagged", pb::integer<pb::u64, "number">, pb::chars<"tag", 8>>;

/* The payload of fixed. */
struct [[gnu::packed]] fixed_payload {
	perfbuf_common common;
	u32 context;
	u64 number;
	u8 last;
};

/* A source of these events, with nothing that is optional. */
inline perfbuf_source source_of(const char *name, perfbuf_event *const *events, u32 count,
				void *data)
{
	return {.name = name,
		.description = "events of the tests",
		.events = events,
		.event_count = count,
		.mode = 0,
		.ops = nullptr,
		.data = data,
		.registered = nullptr,
		.aux = nullptr,
		.contexts = 0};
}

/* With a field whose value not all readers may see. */
using pointed = pb::event<"pointed", pb::integer<pb::u32, "number">, pb::pointer<"where">,
			  pb::pointer<"other">, pb::boolean<"on">>;
/* The other kinds that stand for more than their bytes. */
using addressed =
	pb::event<"addressed", pb::pointer<"where">, pb::ipv4<"from">, pb::ipv6<"to">,
		  pb::mac<"station">, pb::uuid<"volume">, pb::dynamic_array<pb::u16, "shorts">,
		  pb::string<"message">, pb::dynamic_array<pb::s64, "wides">>;

class testdev
{
public:
	explicit testdev(u32 contexts = 0)
	{
		made.ops = &ops;
		made.contexts = contexts;
		error = perfbuf_producer_register(&made, nullptr, PERFBUF_ABI);
	}
	~testdev() { unregister(); }
	testdev(const testdev &) = delete;
	void unregister() { perfbuf_producer_unregister(&made); }
	typed_source &source() { return *static_cast<typed_source *>(made.registered); }

	int starts = 0, stops = 0, start_answer = 0;
	static constexpr u32 event_count = 6;
	perfbuf_event *const events[event_count] = {&fixed::object,   &varying::object,
						    &dump::object,    &tagged::object,
						    &pointed::object, &addressed::object};
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
	perfbuf_source made = source_of("testdev", events, event_count, this);
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

/* The sample that the fields and the time ask for, as perf_event_open(2) lays it out. */
inline raw_record expected(const event &of, u64 number, u64 time, u32 cpu = 0)
{
	const u64 fields = of.attr().sample_type;
	std::vector<u64> words;

	if (fields & PERF_SAMPLE_IDENTIFIER)
		words.push_back(of.id());
	if (fields & PERF_SAMPLE_TID)
		words.push_back(u64(u32(now.tgid)) | u64(u32(now.pid)) << 32);
	if (fields & PERF_SAMPLE_TIME)
		words.push_back(time);
	if (fields & PERF_SAMPLE_ADDR)
		words.push_back(0);
	if (fields & PERF_SAMPLE_ID)
		words.push_back(of.id());
	if (fields & PERF_SAMPLE_STREAM_ID)
		words.push_back(of.id());
	if (fields & PERF_SAMPLE_CPU)
		words.push_back(cpu);
	if (fields & PERF_SAMPLE_PERIOD)
		words.push_back(1);

	fixed_payload payload = {};

	payload.common.type = static_cast<u16>(fixed::object.id);
	payload.common.preempt_count = static_cast<u8>(now.preempt_count);
	payload.common.pid = now.pid;
	switch (now.level) {
	case nesting::task:
		break;
	case nesting::softirq:
		payload.common.flags = 0x10;
		break;
	case nesting::irq:
		payload.common.flags = 0x08;
		break;
	case nesting::nmi:
		payload.common.flags = 0x40;
	}
	if (now.irqs_off)
		payload.common.flags |= 1;
	payload.context = static_cast<u32>(now.level);
	payload.number = number;
	payload.last = static_cast<u8>(number);

	raw_record made = {};
	const u32 raw_size = 28;

	made.body.resize(words.size() * 8 + 4 + raw_size);
	std::copy_n(reinterpret_cast<const char *>(words.data()), words.size() * 8,
		    made.body.data());
	std::memcpy(&made.body[words.size() * 8], &raw_size, 4);
	std::memcpy(&made.body[words.size() * 8 + 4], &payload, sizeof(payload));
	if (fields & PERF_SAMPLE_DATA_SRC) {
		const u64 unknown = PERF_MEM_S(OP, NA) | PERF_MEM_S(LVL, NA) |
				    PERF_MEM_S(SNOOP, NA) | PERF_MEM_S(LOCK, NA) |
				    PERF_MEM_S(TLB, NA);
		const char *bytes = reinterpret_cast<const char *>(&unknown);

		made.body.insert(made.body.end(), bytes, bytes + sizeof(unknown));
	}
	made.header = {.type = PERF_RECORD_SAMPLE,
		       .misc = PERF_RECORD_MISC_KERNEL,
		       .size = static_cast<u16>(8 + made.body.size())};
	return made;
}

/* The current task, on the CPU at hand, becomes @next. */
inline void switch_to(u32 next)
{
	task_set::switched(task_of(now.task), task_of(next), now.cpu);
	now.task = next;
}

/*
 * Runs @step again and again; each time @within comes before another of the accesses that it makes
 * to shared words, until there are no more. @after, with whether it came. Returns how many there
 * were.
 */
template <typename Step, typename Within, typename After>
u32 at_each_access(Step &&step, Within &&within, After &&after)
{
	static u32 left;
	static std::function<void()> action;

	action = within;
	for (u32 access = 1;; access++) {
		left = access;
		cxxrt::model::on_access = [] {
			if (--left)
				return;
			cxxrt::model::on_access = nullptr;
			action();
		};
		step();

		const bool came = !cxxrt::model::on_access;

		cxxrt::model::on_access = nullptr;
		after(came);
		if (!came || testing::Test::HasFatalFailure())
			return access - 1;
	}
}

struct about_reader {
	pb_task *target = nullptr;	    /* a task that it follows */
	event *linked = nullptr;	    /* whose AUX its samples pause and resume */
	cxxrt::shared<u64> *user = nullptr; /* a user with limits */
};

/* A file of the event on @cpu, with its ring, enabled. */
class reader final : public wake_target
{
public:
	using more = about_reader;

	reader(testdev &from, const perf_event_attr &attr, s32 cpu = 0,
	       const perf_buffer::options &wanted = {.nr_pages = 4}, const more &about = {})
		: reader(from.source(), attr, cpu, wanted, about)
	{
	}
	reader(typed_source &from, const perf_event_attr &attr, s32 cpu,
	       const perf_buffer::options &wanted, const more &about)
		: source_(from), owner_(std::make_unique<event>(attr, cpu, about.target, *this))
	{
		owner_->link_aux(about.linked);
		if (about.user)
			owner_->limit_members(*about.user);
		EXPECT_TRUE(source_.file_opened());
		if (now.may_trace)
			owner_->show_addresses();

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

	/* The records since the last look, oldest first; of a backward ring newest first. */
	std::vector<raw_record> records()
	{
		std::vector<raw_record> all;
		perf_event_mmap_page &page = *ring_->user_page();
		const u64 head = page.data_head;
		const u64 from = ring_->backward() ? head : page.data_tail;
		const u64 to = ring_->backward() ? page.data_tail : head;

		for (u64 at = from; at != to;) {
			raw_record record = {};
			u64 word = word_at(at);

			std::memcpy(&record.header, &word, sizeof(word));
			if (record.header.size < 8 || record.header.size % 8) {
				ADD_FAILURE() << "a record of " << record.header.size << " bytes";
				break;
			}
			for (u64 done = 8; done < record.header.size; done += 8) {
				word = word_at(at + done);
				const char *bytes = reinterpret_cast<char *>(&word);

				record.body.insert(record.body.end(), bytes, bytes + 8);
			}
			all.push_back(record);
			at += record.header.size;
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
		EXPECT_TRUE(!now.hooks || now.trims_later);
		perfbuf_trim_hooks();
		EXPECT_EQ(now.hooks, 0);
		EXPECT_EQ(pb_test_live_allocations(), allocations_);
		EXPECT_EQ(now.emissions, 0);
		EXPECT_EQ(now.irqs_off, false);
		EXPECT_EQ(now.trace_ids, 0);
		EXPECT_EQ(now.percpu, 0);
		EXPECT_EQ(now.modules, 0);
	}

private:
	const long allocations_ = pb_test_live_allocations();
};

} // namespace perfbuf::host
