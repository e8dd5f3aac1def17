// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Counts the samples of each event of a perf.data, and sums a field: read_perf_data FILE [FIELD]
#include <cstdio>
#include <map>
#include <perfbuf/perf_data.hpp>

using namespace perfbuf::reader;

struct totals {
	uint64_t samples = 0;
	uint64_t sum = 0;
};

int main(int argc, char **argv)
{
	auto file = perf_data_reader::open(argc > 1 ? argv[1] : "perf.data");
	if (!file) {
		std::fprintf(stderr, "%s\n", file.error().text.c_str());
		return 1;
	}
	std::map<std::string, totals> all;
	const auto done =
		file->each([&](const record &found, const described_event &event, uint64_t) {
			const auto sample = event.decoder.decode_sample(found);
			if (!sample)
				return;
			totals &of = all[event.name];
			of.samples++;
			const auto *field = argc > 2 ? event.format.find(argv[2]) : nullptr;
			of.sum += field ? field->integer(sample->raw).value_or(0) : 0;
		});
	for (const auto &[name, of] : all)
		std::printf("%s: %llu samples, %llu\n", name.c_str(),
			    static_cast<unsigned long long>(of.samples),
			    static_cast<unsigned long long>(of.sum));
	return done ? 0 : 1;
}
