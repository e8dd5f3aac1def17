// SPDX-License-Identifier: GPL-2.0
/* Samples for a given time with a reader that stops and continues, and adds up the losses. */
#include "support/soak.hpp"

#include <atomic>
#include <csignal>
#include <memory>
#include <vector>

#include <poll.h>

#include "support/event.hpp"
#include "support/mapping.hpp"
#include "support/process.hpp"
#include "support/session.hpp"
#include "support/shared_page.hpp"
#include "support/workload.hpp"

namespace device_test
{
namespace
{

constexpr std::chrono::milliseconds longest_stop{5000};

/* The memory that the two processes share. */
struct board {
	std::atomic<bool> ready, finish, finished;
	std::atomic<uint64_t> received, reported, other, backwards;
};

struct lane {
	ring buffer;
	uint64_t last_time = 0;
};

void take(const std::vector<record> &records, lane &from, const perf_event_attr &attr,
	  board &shared)
{
	for (const record &r : records) {
		if (r.header.type == PERF_RECORD_LOST) {
			shared.reported += parse_lost(r).lost;
		} else if (r.header.type == PERF_RECORD_SAMPLE) {
			const uint64_t time = *parse_sample(r, attr).time;
			shared.backwards += time < from.last_time;
			from.last_time = time;
			shared.received++;
		} else {
			shared.other++;
		}
	}
}

/*
 * perf reports a loss with the next record that fits and is silent until then:
 * let one through. perfbuf reports it to a reader that polls or reads.
 */
void let_losses_out(side source, int fd, lane &into, const perf_event_attr &attr, board &shared)
{
	std::vector<record> records;
	if (source == side::perf) {
		let_one_through(fd, into.buffer, records);
	} else {
		pollfd polled = {.fd = fd, .events = POLLIN};
		poll(&polled, 1, 0);
		read_value(fd);
		into.buffer.drain(records);
	}
	take(records, into, attr, shared);
}

int read_all(const soak_options &options, const std::vector<unique_fd> &fds,
	     const perf_event_attr &attr, board &shared)
{
	std::vector<lane> lanes;
	std::vector<pollfd> polled;
	for (const unique_fd &fd : fds) {
		lanes.push_back({ring(fd.get(), options.data_pages)});
		polled.push_back({.fd = fd.get(), .events = POLLIN});
	}
	shared.ready = true;
	while (!shared.finish) {
		poll(polled.data(), polled.size(), 100);
		for (lane &l : lanes)
			take(l.buffer.drain(), l, attr, shared);
	}
	for (size_t i = 0; i < lanes.size(); i++) {
		take(lanes[i].buffer.drain(), lanes[i], attr, shared);
		let_losses_out(options.source, fds[i].get(), lanes[i], attr, shared);
	}
	shared.finished = true;
	return 0;
}

uint64_t lost(const std::vector<unique_fd> &fds)
{
	uint64_t sum = 0;
	for (const unique_fd &fd : fds)
		sum += read_value(fd.get(), 1);
	return sum;
}

} /* namespace */

source_counters read_source_counters()
{
	const std::string folder = "/sys/class/perfbuf/clock/";
	return {
		.records = std::stoull(read_file(folder + "records")),
		.lost = std::stoull(read_file(folder + "lost")),
	};
}

soak_result run_soak(const soak_options &options)
{
	const bool own = options.source == side::clock;
	perf_event_attr attr = clock_attr();
	attr.freq = 1;
	attr.sample_freq = options.frequency;
	attr.read_format = PERF_FORMAT_LOST;

	const std::vector<int> cpus = online_cpus();
	std::vector<unique_fd> fds;
	for (int cpu : cpus)
		fds.push_back(must_open(options.source, attr, target::every_process(cpu)));

	const shared_page<board> page;
	board &shared = *page;
	soak_result result;
	result.rings = fds.size();

	const source_counters before = own ? read_source_counters() : source_counters{};
	child reader([&] { return read_all(options, fds, attr, shared); });
	if (!eventually([&] { return shared.ready.load(); }))
		return result;

	{
		std::vector<std::unique_ptr<spinner>> busy;
		for (int cpu : cpus)
			busy.push_back(std::make_unique<spinner>(cpu));
		for (const unique_fd &fd : fds)
			enable(fd.get());
		const auto end =
			std::chrono::steady_clock::now() + std::chrono::seconds(options.seconds);
		for (unsigned turn = 1; std::chrono::steady_clock::now() < end; turn++) {
			/* Stops that are short, and stops that last until something is lost. */
			pause_for(std::chrono::milliseconds(50 + 37 * (turn % 7)));
			reader.kill(SIGSTOP);
			const uint64_t before = lost(fds);
			if (turn % 2)
				pause_for(std::chrono::milliseconds(20 + 30 * (turn % 5)));
			else
				eventually([&] { return lost(fds) > before; }, longest_stop);
			reader.kill(SIGCONT);
			result.stops++;
		}
		for (const unique_fd &fd : fds)
			disable(fd.get());
	}
	shared.finish = true;
	result.reader_finished = reader.wait().clean() && shared.finished;
	result.received = shared.received;
	result.reported = shared.reported;
	result.other = shared.other;
	result.backwards = shared.backwards;
	result.counted = lost(fds);
	if (own) {
		const source_counters after = read_source_counters();
		result.produced = after.records - before.records + after.lost - before.lost;
	} else {
		result.produced = result.received + result.counted;
	}
	return result;
}

std::string soak_result::line() const
{
	auto n = [](uint64_t value) { return std::to_string(value); };
	return n(rings) + " rings, " + n(stops) + " stops: " + n(received) + " received + " +
	       n(counted) + " lost (" + n(reported) + " reported) = " + n(received + counted) +
	       ", " + n(produced) + " produced, " + n(other) + " other records, " + n(backwards) +
	       " out of order: " + (exact() ? "exact" : "NOT EXACT");
}

} /* namespace device_test */
