// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Samples CPU 0 for a second, 100 times a second, and prints where it was.
#include <cinttypes>
#include <cstdio>
#include <perfbuf/decoder.hpp>
#include <perfbuf/file.hpp>
#include <perfbuf/mapping.hpp>
#include <perfbuf/ring.hpp>
#include <poll.h>

using namespace perfbuf::reader;

static int fail(const error &why)
{
	std::fprintf(stderr, "%s: %s\n", why.text.c_str(), why.code.message().c_str());
	return 1;
}

int main()
{
	perf_event_attr attr{};
	attr.type = PERF_TYPE_SOFTWARE;
	attr.config = PERF_COUNT_SW_CPU_CLOCK;
	attr.sample_period = 10'000'000; // ns
	attr.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TID;
	attr.wakeup_events = 1;

	auto clock = file::open("clock");
	if (!clock)
		return fail(clock.error());
	if (auto done = clock->configure(attr, -1, 0); !done)
		return fail(done.error());
	auto area = mapping::map(*clock, 8);
	if (!area)
		return fail(area.error());

	ring ring(area->user_page(), area->data());
	const decoder decoder(attr);
	pollfd wait{clock->fd(), POLLIN, 0};
	for (int samples = 0; samples < 100 && poll(&wait, 1, -1) > 0;) {
		ring.refresh();
		record found;
		step step;
		while ((step = ring.next(found)) == step::record)
			if (auto sample = decoder.decode_sample(found)) {
				std::printf("%" PRIu32 " at %#" PRIx64 "\n", sample->tid,
					    sample->ip);
				samples++;
			}
		if (step == step::corrupt)
			ring.skip_all();
		ring.release();
	}
}
