/* SPDX-License-Identifier: GPL-2.0 */
/* A source that fills AUX areas, and its files. */
#pragma once

#include "harness.hpp"

#include <string>

namespace perfbuf::host
{

/* A source with an AUX area on its first event; it notes what it is asked for. */
class aux_device
{
public:
	aux_device() { of.aux = &aux; }
	~aux_device() { perfbuf_producer_unregister(&of); }

	int add() { return -perfbuf_producer_register(&of, nullptr, PERFBUF_ABI); }
	typed_source &source() { return *static_cast<typed_source *>(of.registered); }
	static aux_device &from(perfbuf_source *of) { return *static_cast<aux_device *>(of->data); }

	std::string
		said; /* o c s t h r S F: open, close, start, stop, hold, release, setup, free */
	int open_answer = 0, setup_answer = 0;
	bool keeps = true;
	void *freed = nullptr;
	perfbuf_stream *stream = nullptr;
	void (*within)(aux_device &) = nullptr; /* called in start() and stop() */
	int kept_here[4] = {};
	int setups = 0;

	perfbuf_event *events[2] = {&fixed::object, &varying::object};
	perfbuf_aux aux = {
		.event = &fixed::object,
		.max_order = 0,
		.flags = 0,
		.open =
			[](perfbuf_source *of, perfbuf_stream *stream) {
				from(of).said += 'o';
				from(of).stream = stream;
				return from(of).open_answer;
			},
		.close = [](perfbuf_source *of,
			    perfbuf_stream *stream) { from(of).note('c', stream); },
		.setup =
			[](perfbuf_source *of, const perfbuf_aux_pages *, void **kept) {
				aux_device &self = from(of);

				self.said += 'S';
				*kept = self.keeps ? &self.kept_here[self.setups++] : nullptr;
				return self.setup_answer;
			},
		.free =
			[](perfbuf_source *of, void *kept) {
				from(of).said += 'F';
				from(of).freed = kept;
			},
		.start = [](perfbuf_source *of,
			    perfbuf_stream *stream) { from(of).switched('s', stream); },
		.stop = [](perfbuf_source *of,
			   perfbuf_stream *stream) { from(of).switched('t', stream); },
		.hold =
			[](perfbuf_source *of, perfbuf_stream *stream, __u64 published) {
				from(of).note('h', stream);
				return published + 24;
			},
		.release = [](perfbuf_source *of,
			      perfbuf_stream *stream) { from(of).note('r', stream); },
	};
	perfbuf_source of = source_of("auxdev", events, 2, this);

private:
	/* The source is asked for @call of its stream. */
	void note(char call, perfbuf_stream *asked)
	{
		EXPECT_EQ(asked, stream);
		said += call;
	}
	void switched(char call, perfbuf_stream *asked)
	{
		note(call, asked);
		if (within)
			within(*this);
	}
};

/* A file on it. */
class aux_file final : public wake_target
{
public:
	explicit aux_file(aux_device &on, bool enabled = true, s32 cpu = 0,
			  pb_task *target = nullptr,
			  const perf_event_attr &attr = attr_of(fixed::object))
		: from_(on.source()), owner_(std::make_unique<event>(attr, cpu, target, *this))
	{
		EXPECT_TRUE(from_.file_opened());

		auto made = from_.open(*owner_);

		if (!made) {
			error = made.error().code();
			return;
		}
		owner_->set_stream(made.take());
		if (enabled) {
			EXPECT_TRUE(owner_->enable());
		}
	}
	~aux_file()
	{
		close();
		owner_.reset();
		from_.file_closed();
		from_.file_freed();
		settle();
	}
	void close()
	{
		if (error || std::exchange(closed_, true))
			return;
		owner_->shut_down();
		owner_->producer().closed();
	}
	event &owner() { return *owner_; }
	stream &producer() { return owner_->producer(); }
	void wake() noexcept override {}

	int error = 0;

private:
	typed_source &from_;
	std::unique_ptr<event> owner_;
	bool closed_ = false;
};

inline void set_action(perf_event_attr &attr, u32 action)
{
	std::memcpy(&attr.aux_sample_size + 1, &action, sizeof(action));
}

} // namespace perfbuf::host
