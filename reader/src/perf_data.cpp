// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// The library's reader and writer of perf.data, on top of reader/perfdata.
#include <perfbuf/perf_data.hpp>

#include <fcntl.h>
#include <fstream>

#include "perfdata/features.hpp"
#include "perfdata/reader.hpp"
#include "perfdata/tracing_data.hpp"
#include "perfdata/writer.hpp"

namespace perfbuf::reader
{

/* ---------------------------------------------------------------- reading */

struct perf_data_reader::state {
	perfdata::recording recording;
	std::vector<described_event> events;
};

perf_data_reader::perf_data_reader(std::unique_ptr<state> made) noexcept : state_(std::move(made))
{
}
perf_data_reader::perf_data_reader(perf_data_reader &&) noexcept = default;
perf_data_reader &perf_data_reader::operator=(perf_data_reader &&) noexcept = default;
perf_data_reader::~perf_data_reader() = default;

result<perf_data_reader> perf_data_reader::open(const std::string &path)
{
	auto recording = perfdata::recording::open(path);
	if (!recording)
		return error{recording.error().code, path + " " + recording.error().text};
	auto made = std::unique_ptr<state>(new state{*std::move(recording), {}});
	for (const auto &each : made->recording.events()) {
		described_event made_of;
		made_of.name = each.name;
		made_of.source = each.name.substr(0, each.name.find(':'));
		made_of.attr = each.attr;
		if (each.format)
			made_of.format = *each.format;
		made_of.ids = each.ids;
		made_of.decoder = each.decoder;
		made->events.push_back(std::move(made_of));
	}
	return perf_data_reader(std::move(made));
}

const std::vector<described_event> &perf_data_reader::events() const noexcept
{
	return state_->events;
}

result<void> perf_data_reader::each(const event_visitor &use) const
{
	const auto *first = state_->recording.events().data();
	return state_->recording.each(
		[&](const record &found, const perfdata::recorded_event &of, uint64_t time) {
			use(found, state_->events[static_cast<size_t>(&of - first)], time);
		});
}

/* ---------------------------------------------------------------- writing */

namespace
{

std::vector<std::string> command_line()
{
	std::ifstream file("/proc/self/cmdline");
	std::vector<std::string> arguments;
	for (std::string each; std::getline(file, each, '\0');)
		arguments.push_back(each);
	return arguments;
}

} // namespace

struct perf_data_writer::state {
	explicit state(unique_fd to) : out(perfdata::output(std::move(to)), perfdata::layout::file)
	{
	}

	perfdata::writer out;
	perfdata::feature_map features;
	uint64_t first = 0;
	uint64_t last = 0;
};

perf_data_writer::perf_data_writer(std::unique_ptr<state> made) noexcept : state_(std::move(made))
{
}
perf_data_writer::perf_data_writer(perf_data_writer &&) noexcept = default;
perf_data_writer &perf_data_writer::operator=(perf_data_writer &&) noexcept = default;
perf_data_writer::~perf_data_writer() = default;

result<perf_data_writer> perf_data_writer::create(const std::string &path,
						  std::span<const described_event> events)
{
	unique_fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
	if (!fd)
		return system_error("cannot create " + path);
	std::vector<perfdata::described_attr> attrs;
	for (const auto &each : events)
		attrs.push_back({each.attr, each.ids, each.name, each.format_text});
	auto made = std::make_unique<state>(std::move(fd));
	perfdata::add_host_features(made->features, "perfbuf");
	perfdata::add_command_line(made->features, command_line());
	perfdata::add_event_description(made->features, attrs);
	perfdata::add_tracing_data(made->features, attrs);
	perfdata::add_sample_time(made->features, 0, 0);
	if (auto done = made->out.begin(attrs, made->features); !done) {
		(void)made->out.finish(made->features); // leaves an empty file
		return done.error();
	}
	return perf_data_writer(std::move(made));
}

result<void> perf_data_writer::add(const record &record, const described_event &, uint64_t time)
{
	if (record.type() == PERF_RECORD_SAMPLE && time) {
		state_->first = state_->first ? std::min(state_->first, time) : time;
		state_->last = std::max(state_->last, time);
	}
	return state_->out.append(record.bytes());
}

result<void> perf_data_writer::round()
{
	return state_->out.round();
}

result<uint64_t> perf_data_writer::finish()
{
	state_->features[perfdata::feature::sample_time] = {};
	perfdata::add_sample_time(state_->features, state_->first, state_->last);
	return state_->out.finish(state_->features);
}

uint64_t perf_data_writer::size() const noexcept
{
	return state_->out.size();
}

} // namespace perfbuf::reader
