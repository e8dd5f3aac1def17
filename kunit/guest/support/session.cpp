// SPDX-License-Identifier: GPL-2.0
/* A file with its ring, from which a test collects records and samples. */
#include "support/session.hpp"

#include <algorithm>

namespace device_test
{

session::session(side s, const perf_event_attr &attr, pid_t pid, size_t data_pages,
		 const std::vector<int> &cpus)
	: attr_(attr)
{
	for (int cpu : cpus) {
		unique_fd fd = must_open(s, attr, {.pid = pid, .cpu = cpu});
		ring buffer(fd.get(), data_pages);
		events.push_back({cpu, std::move(fd), std::move(buffer), {}});
	}
}

void session::enable() const
{
	for (const cpu_event &e : events)
		device_test::enable(e.fd.get());
}

void session::disable() const
{
	for (const cpu_event &e : events)
		device_test::disable(e.fd.get());
}

const std::vector<record> &session::collect()
{
	for (cpu_event &e : events) {
		const size_t before = e.records.size();
		e.buffer.drain(e.records);
		all_.insert(all_.end(), e.records.begin() + before, e.records.end());
	}
	return all_;
}

bool session::until(const std::function<bool(const std::vector<record> &)> &condition)
{
	return eventually([&] { return condition(collect()); });
}

bool session::until_samples(size_t n)
{
	return until([n](const std::vector<record> &records) {
		return count(records, PERF_RECORD_SAMPLE) >= n;
	});
}

bool session::until_record(uint32_t type, const std::function<bool(const record &)> &condition)
{
	return until([&](const std::vector<record> &records) {
		return std::any_of(records.begin(), records.end(), [&](const record &r) {
			return r.header.type == type && condition(r);
		});
	});
}

std::vector<sample> session::samples()
{
	return samples_in(collect(), attr_);
}

void let_one_through(int fd, ring &from, std::vector<record> &into)
{
	from.drain(into);
	const size_t before = count(into, PERF_RECORD_SAMPLE);
	control(fd, PERF_EVENT_IOC_REFRESH, 1);
	if (!eventually([&] {
		    from.drain(into);
		    return count(into, PERF_RECORD_SAMPLE) > before;
	    }))
		throw std::runtime_error("no further sample comes");
}

recorder::recorder(side s, const perf_event_attr &a, const target &observed, size_t data_pages)
	: attr(a), fd(must_open(s, a, observed)), buffer(fd.get(), data_pages)
{
}

std::vector<sample> recorder::sample_until(size_t n)
{
	return sample_until(
		[n](const std::vector<sample> &samples) { return samples.size() >= n; });
}

std::vector<sample>
recorder::sample_until(const std::function<bool(const std::vector<sample> &)> &enough)
{
	enable(fd.get());
	std::vector<sample> samples;
	const bool came = eventually([&] {
		buffer.drain(records);
		samples = samples_in(records, attr);
		return enough(samples);
	});
	disable(fd.get());
	if (!came)
		throw std::runtime_error("only " + std::to_string(samples.size()) +
					 " samples came");
	return samples;
}

} /* namespace device_test */
