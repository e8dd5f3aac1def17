// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Opens files and rings on all CPUs, and hands out their records in the order of time.
#include <perfbuf/session.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <map>
#include <optional>
#include <poll.h>
#include <sys/epoll.h>

#include <perfbuf/file.hpp>
#include <perfbuf/mapping.hpp>
#include <perfbuf/merge.hpp>
#include <perfbuf/ring.hpp>

namespace perfbuf::reader
{

namespace
{

struct cpu_ring {
	mapping area;
	reader::ring ring;
};

// The online CPUs, which sysfs lists as "0-3,5".
std::vector<int> online_cpus()
{
	std::string text;
	std::getline(std::ifstream("/sys/devices/system/cpu/online"), text);
	std::vector<int> cpus;
	const char *at = text.data();
	const char *end = at + text.size();
	while (at < end) {
		int first = 0;
		auto parsed = std::from_chars(at, end, first);
		if (parsed.ec != std::errc())
			break;
		int last = first;
		if (parsed.ptr < end && *parsed.ptr == '-')
			parsed = std::from_chars(parsed.ptr + 1, end, last);
		for (int cpu = first; cpu <= last; cpu++)
			cpus.push_back(cpu);
		at = parsed.ptr + 1;
	}
	if (cpus.empty())
		cpus.push_back(0);
	return cpus;
}

} // namespace

struct session::state {
	result<void> open_on(int cpu, const session_options &options);
	size_t pass(const event_visitor &use, bool last);
	void report_losses() const;
	result<void> watch(const file &file) const;
	void forget_ended() const;
	size_t event_of(const record &of) const;

	std::vector<described_event> events;
	std::vector<std::vector<size_t>> files_of; // by event: numbers in files
	std::vector<file> files;
	std::vector<cpu_ring> rings;
	std::map<uint64_t, size_t> by_id;
	unique_fd epoll;
	merge waiting;
	uint64_t lost = 0;
	uint64_t given_up = 0;
	uint64_t newest_before = 0;
};

// Opens a file for each event on @cpu. The first file has the ring, the others write into it.
result<void> session::state::open_on(int cpu, const session_options &options)
{
	std::optional<size_t> first;
	for (size_t which = 0; which < events.size(); which++) {
		auto made = file::open(options.where.devices + "/" + events[which].source);
		if (!made)
			return made.error();
		if (auto done = made->configure(events[which].attr, options.pid, cpu); !done)
			return done;
		const auto id = made->id();
		if (!id)
			return id.error();
		events[which].ids.push_back(*id);
		by_id[*id] = which;
		files_of[which].push_back(files.size());
		files.push_back(*std::move(made));
		if (auto done = watch(files.back()); !done)
			return done;
		if (first) {
			if (auto done = files.back().redirect(files[*first]); !done)
				return done;
			continue;
		}
		first = files.size() - 1;
		auto area = mapping::map(files.back(), options.pages);
		if (!area)
			return area.error();
		reader::ring ring(area->user_page(), area->data());
		rings.push_back({*std::move(area), std::move(ring)});
	}
	return {};
}

// Adds @file to the descriptor to wait for. Files that write into another file's ring are added,
// too: they become ready when the other file's source has gone.
result<void> session::state::watch(const file &file) const
{
	epoll_event wanted{.events = EPOLLIN, .data = {.fd = file.fd()}};
	if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, file.fd(), &wanted) < 0)
		return system_error("cannot wait for a ring");
	return {};
}

// Removes files whose task or source has gone from the descriptor: they would be ready for ever.
void session::state::forget_ended() const
{
	std::array<epoll_event, 64> ready{};
	const int count = ::epoll_wait(epoll.get(), ready.data(), ready.size(), 0);
	for (int at = 0; at < count; at++)
		if (ready[at].events & (EPOLLHUP | EPOLLERR))
			::epoll_ctl(epoll.get(), EPOLL_CTL_DEL, ready[at].data.fd, nullptr);
}

// poll(2) writes a LOST record for losses that no record followed, if the ring has space.
void session::state::report_losses() const
{
	std::vector<pollfd> all;
	for (const auto &each : files)
		all.push_back({each.fd(), POLLIN, 0});
	::poll(all.data(), all.size(), 0);
}

size_t session::state::event_of(const record &of) const
{
	const auto id = events.front().decoder.id_of(of);
	const auto found = id ? by_id.find(*id) : by_id.end();
	return found == by_id.end() ? 0 : found->second;
}

size_t session::state::pass(const event_visitor &use, bool last)
{
	// Without a fence the limit is the newest time of the pass before, as perf has it.
	const uint64_t limit = last ? UINT64_MAX : fence_of(files).value_or(newest_before);
	for (auto &each : rings) {
		each.ring.refresh();
		const step outcome = each.ring.each([&](const record &found) {
			const size_t which = event_of(found);
			const decoder &by = events[which].decoder;
			if (found.type() == PERF_RECORD_LOST) {
				const auto decoded = by.decode(found);
				if (const auto *loss = std::get_if<lost_event>(&decoded))
					lost += loss->lost;
			}
			waiting.add(by.time_of(found).value_or(0), found,
				    static_cast<uint32_t>(which));
		});
		each.ring.release();
		if (outcome == step::corrupt)
			given_up += each.ring.skip_all();
	}
	size_t count = 0;
	waiting.flush(limit, [&](const record &found, uint64_t time, uint32_t which) {
		count++;
		use(found, events[which], time);
	});
	newest_before = waiting.last_time();
	return count;
}

session::session(std::unique_ptr<state> made) noexcept : state_(std::move(made))
{
}
session::session(session &&) noexcept = default;
session &session::operator=(session &&) noexcept = default;
session::~session() = default;

result<session> session::open(std::span<const std::string> names, const session_options &options)
{
	if (names.empty())
		return system_error("a session needs an event", EINVAL);
	auto made = std::make_unique<state>();
	made->epoll = unique_fd(::epoll_create1(EPOLL_CLOEXEC));
	if (!made->epoll)
		return system_error("cannot wait for rings");
	for (const auto &name : names) {
		auto found = find_event(name, options.where);
		if (!found)
			return found.error();
		made->events.push_back(*std::move(found));
	}
	made->files_of.resize(names.size());
	for (const int cpu : online_cpus())
		if (auto done = made->open_on(cpu, options); !done)
			return done.error();
	return session(std::move(made));
}

const std::vector<described_event> &session::events() const noexcept
{
	return state_->events;
}

result<void> session::set_filter(size_t which, const std::string &expression)
{
	if (which >= state_->events.size())
		return system_error("the session has no such event", EINVAL);
	for (const size_t at : state_->files_of[which]) {
		const file &each = state_->files[at];
		auto done = each.set_filter(expression);
		if (done)
			continue;
		const auto check = each.check_filter(expression);
		if (!check || !check->code)
			return done;
		return error{done.error().code, explain_filter(expression, *check) + "\n" +
							point_at_filter(expression, *check)};
	}
	return {};
}

result<void> session::start()
{
	for (const auto &each : state_->files)
		if (auto done = each.enable(); !done)
			return done;
	return {};
}

result<void> session::stop()
{
	// A source that has gone writes nothing more.
	for (const auto &each : state_->files)
		if (auto done = each.disable();
		    !done && done.error().code != std::errc::no_such_device)
			return done;
	return {};
}

int session::fd() const noexcept
{
	return state_->epoll.get();
}

result<bool> session::wait(int timeout)
{
	epoll_event ready{};
	const int count = ::epoll_wait(state_->epoll.get(), &ready, 1, timeout);
	if (count < 0 && errno != EINTR)
		return system_error("cannot wait for a ring");
	return count > 0;
}

result<size_t> session::read(const event_visitor &use)
{
	state_->forget_ended();
	return state_->pass(use, false);
}

result<size_t> session::finish(const event_visitor &use)
{
	if (auto done = stop(); !done)
		return done.error();
	const size_t before = state_->pass(use, false);
	state_->report_losses();
	return before + state_->pass(use, true);
}

result<void> session::run(std::chrono::milliseconds time, const event_visitor &use)
{
	using clock = std::chrono::steady_clock;
	const auto end = clock::now() + time;
	if (auto done = start(); !done)
		return done;
	while (clock::now() < end) {
		const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - clock::now());
		if (auto ready = wait(static_cast<int>(std::clamp<int64_t>(left.count(), 0, 100)));
		    !ready)
			return ready.error();
		if (auto count = read(use); !count)
			return count.error();
	}
	const auto rest = finish(use);
	return rest ? result<void>() : rest.error();
}

uint64_t session::lost() const noexcept
{
	return state_->lost;
}

uint64_t session::given_up() const noexcept
{
	return state_->given_up;
}

} // namespace perfbuf::reader
