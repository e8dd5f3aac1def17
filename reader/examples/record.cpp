// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Records events of all CPUs for two seconds into a file that perf reads: record FILE EVENT...
#include <cstdio>
#include <perfbuf/perf_data.hpp>
#include <perfbuf/session.hpp>

using namespace perfbuf::reader;

static int fail(const error &why)
{
	std::fprintf(stderr, "%s: %s\n", why.text.c_str(), why.code.message().c_str());
	return 1;
}

int main(int argc, char **argv)
{
	auto events =
		session::open(std::vector<std::string>(argv + std::min(argc, 2), argv + argc));
	if (!events)
		return fail(events.error());
	auto file = perf_data_writer::create(argv[1], events->events());
	if (!file)
		return fail(file.error());
	result<void> added;
	const auto add = [&](const record &found, const described_event &event, uint64_t time) {
		if (added)
			added = file->add(found, event, time);
	};
	if (auto done = events->run(std::chrono::seconds(2), add); !done)
		return fail(done.error());
	if (auto done = file->finish(); !done || !added)
		return fail(done ? added.error() : done.error());
}
