/* SPDX-License-Identifier: GPL-2.0 */
/* The events of a profiler: one event and one ring per CPU, read together. */
#pragma once

#include <functional>
#include <vector>

#include "support/event.hpp"
#include "support/mapping.hpp"
#include "support/process.hpp"

namespace device_test
{

class session
{
public:
	/* @pid as perf_event_open takes it, on every one of @cpus. */
	session(side s, const perf_event_attr &attr, pid_t pid, size_t data_pages = 64,
		const std::vector<int> &cpus = online_cpus());

	void enable() const;
	void disable() const;

	/* Reads the rings. Returns all records that were read so far. */
	const std::vector<record> &collect();
	/* Calls collect() until @condition holds. False: it did not within the time limit. */
	bool until(const std::function<bool(const std::vector<record> &)> &condition);
	bool until_samples(size_t n);
	/* Until a record of @type fulfils @condition. */
	bool until_record(uint32_t type, const std::function<bool(const record &)> &condition);

	std::vector<sample> samples();
	const perf_event_attr &attr() const { return attr_; }

	struct cpu_event {
		int cpu;
		unique_fd fd;
		ring buffer;
		std::vector<record> records;
	};
	std::vector<cpu_event> events;

private:
	perf_event_attr attr_;
	std::vector<record> all_;
};

/*
 * Enables the event for exactly one more sample, and reads it. perf reports a loss
 * only with the next record that fits.
 */
void let_one_through(int fd, ring &from, std::vector<record> &into);

/* One event of a thread or of a processor, with its ring. */
struct recorder {
	recorder(side s, const perf_event_attr &attr, const target &observed = {},
		 size_t data_pages = 64);

	/* Enables the event, reads until there are at least @n samples, and disables it. Throws if
	 * they do not come. */
	std::vector<sample> sample_until(size_t n);
	/* The same, until @enough returns true. */
	std::vector<sample>
	sample_until(const std::function<bool(const std::vector<sample> &)> &enough);

	perf_event_attr attr;
	unique_fd fd;
	ring buffer;
	std::vector<record> records;
};

} /* namespace device_test */
