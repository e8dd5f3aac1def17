// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Prints what an event says for two seconds, of all CPUs, in the order of time: events EVENT
// [FILTER]
#include <cstdio>
#include <perfbuf/session.hpp>

using namespace perfbuf::reader;

static void print(const record &found, const described_event &event, uint64_t time)
{
	const auto sample = event.decoder.decode_sample(found);
	if (!sample)
		return; // such as a lost record
	std::printf("%llu cpu %u %s:", static_cast<unsigned long long>(time), sample->cpu,
		    event.name.c_str());
	for (const auto &field : event.format.fields)
		std::printf(" %s=%s", field.name.c_str(), field.show(sample->raw).c_str());
	std::printf("\n");
}

int main(int argc, char **argv)
{
	auto events = session::open(argc > 1 ? argv[1] : "mydev:tick");
	auto done = events ? result<void>() : events.error();
	if (done && argc > 2)
		done = events->set_filter(0, argv[2]);
	if (done)
		done = events->run(std::chrono::seconds(2), print);
	if (!done)
		std::fprintf(stderr, "%s\n", done.error().text.c_str());
	return !done;
}
