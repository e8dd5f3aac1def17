// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Writes a recording as folded stacks, speedscope, Perfetto's JSON, and JSON lines.
#include "analysis/export.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>

#include "analysis/flame_tree.hpp"
#include "analysis/values.hpp"
#include "tracefile/show.hpp"

namespace perfbuf::analysis
{

namespace
{

using tracefile::json_string;

uint64_t weight_of(const described_sample &described)
{
	// Of a counter or a clock, how much a sample stands for.
	return described.sample.period ? described.sample.period : 1;
}

class folded : public exporter
{
public:
	folded(std::FILE *to, const frame_table &frames) : to_(to), frames_(frames) {}

	void add(const described_sample &described) override
	{
		std::string line(plain(described.comm));
		for (const uint32_t frame : described.frames)
			line += ";" + plain(frames_[frame].name);
		counts_[line]++;
	}

	void finish() override
	{
		for (const auto &[line, count] : counts_)
			fmt::print(to_, "{} {}\n", line, count);
	}

private:
	// A semicolon divides frames, and a line ends a stack.
	static std::string plain(std::string_view text)
	{
		std::string out = tracefile::printable(text);
		std::replace(out.begin(), out.end(), ';', ':');
		return out;
	}

	std::FILE *to_;
	const frame_table &frames_;
	std::map<std::string, uint64_t> counts_;
};

class speedscope : public exporter
{
public:
	speedscope(std::FILE *to, const frame_table &frames, std::string name)
		: to_(to), frames_(frames), name_(std::move(name))
	{
	}

	void add(const described_sample &described) override
	{
		auto &thread = threads_[{described.event_number, described.sample.pid,
					 described.sample.tid}];
		thread.name = fmt::format("{} {}/{}: {}", described.comm, described.sample.pid,
					  described.sample.tid, described.event.name);
		thread.stacks.emplace_back(described.frames.begin(), described.frames.end());
		thread.weights.push_back(weight_of(described));
		thread.total += weight_of(described);
		thread.in_time = described.event.attr.type == PERF_TYPE_SOFTWARE &&
				 described.event.attr.config <= PERF_COUNT_SW_TASK_CLOCK;
	}

	void finish() override
	{
		fmt::print(to_,
			   "{{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\","
			   "\"exporter\":\"perfbuf\",\"name\":{},\"activeProfileIndex\":0,\n"
			   "\"shared\":{{\"frames\":[",
			   json_string(name_));
		for (uint32_t at = 0; at < frames_.size(); at++)
			fmt::print(to_, "{}{{\"name\":{},\"file\":{}}}", at ? ",\n" : "",
				   json_string(frames_[at].name), json_string(frames_[at].file));
		fmt::print(to_, "]}},\n\"profiles\":[");
		bool first = true;
		for (const auto &[_, thread] : threads_) {
			put(thread, first);
			first = false;
		}
		fmt::print(to_, "]}}\n");
	}

private:
	struct thread_samples {
		std::string name;
		std::vector<std::vector<uint32_t>> stacks;
		std::vector<uint64_t> weights;
		uint64_t total = 0;
		bool in_time = false;
	};

	void put(const thread_samples &thread, bool first)
	{
		fmt::print(to_,
			   "{}{{\"type\":\"sampled\",\"name\":{},\"unit\":\"{}\",\"startValue\":0,"
			   "\"endValue\":{},\"samples\":[",
			   first ? "" : ",\n", json_string(thread.name),
			   thread.in_time ? "nanoseconds" : "none", thread.total);
		for (size_t at = 0; at < thread.stacks.size(); at++)
			fmt::print(to_, "{}[{}]", at ? "," : "", fmt::join(thread.stacks[at], ","));
		fmt::print(to_, "],\"weights\":[{}]}}", fmt::join(thread.weights, ","));
	}

	std::FILE *to_;
	const frame_table &frames_;
	std::string name_;
	std::map<std::tuple<size_t, uint32_t, uint32_t>, thread_samples> threads_;
};

std::string stack_json(const described_sample &described, const frame_table &frames)
{
	std::string text = "[";
	for (const uint32_t frame : described.frames)
		text += (text.size() > 1 ? "," : "") + json_string(frames[frame].name);
	return text + "]";
}

class perfetto : public exporter
{
public:
	perfetto(std::FILE *to, const frame_table &frames) : to_(to), frames_(frames)
	{
		fmt::print(to_, "{{\"displayTimeUnit\":\"ns\",\"traceEvents\":[");
	}

	void add(const described_sample &described) override
	{
		const auto &sample = described.sample;
		if (const auto [known, is_new] =
			    named_.try_emplace({sample.pid, sample.tid}, described.comm);
		    is_new || known->second != described.comm) {
			known->second = described.comm;
			name("thread_name", sample.pid, sample.tid, described.comm);
			if (sample.pid == sample.tid)
				name("process_name", sample.pid, sample.tid, described.comm);
		}
		std::string arguments = fmt::format("\"cpu\":{}", sample.cpu);
		if (!described.frames.empty())
			arguments += ",\"stack\":" + stack_json(described, frames_);
		if (described.event.format)
			arguments +=
				",\"fields\":" + fields_json(*described.event.format, sample.raw);
		const std::string &shown = described.event.format || described.frames.empty()
						   ? described.event.name
						   : frames_[described.frames.back()].name;
		begin();
		fmt::print(to_,
			   "{{\"ph\":\"i\",\"s\":\"t\",\"cat\":{},\"name\":{},\"pid\":{},\"tid\":{}"
			   ",\"ts\":{},\"args\":{{{}}}}}",
			   json_string(described.event.name), json_string(shown), sample.pid,
			   sample.tid, microseconds(described.time), arguments);
		if (described.event.format)
			count(described);
	}

	void finish() override { fmt::print(to_, "\n]}}\n"); }

private:
	static std::string microseconds(uint64_t ns)
	{
		return fmt::format("{}.{:03}", ns / 1000, ns % 1000);
	}

	void begin()
	{
		fmt::print(to_, "{}\n", first_ ? "" : ",");
		first_ = false;
	}

	void name(std::string_view kind, uint32_t pid, uint32_t tid, std::string_view name)
	{
		begin();
		fmt::print(
			to_,
			"{{\"ph\":\"M\",\"name\":\"{}\",\"pid\":{},\"tid\":{},\"args\":{{\"name\":"
			"{}}}}}",
			kind, pid, tid, json_string(name));
	}

	// A track for each number that an event tells.
	void count(const described_sample &described)
	{
		for (const auto &field : described.event.format->fields) {
			const auto value = field.integer(described.sample.raw);
			if (!value || field.is_dynamic || field.elements > 1 || field.is_text() ||
			    !field.names.empty())
				continue;
			begin();
			fmt::print(
				to_,
				"{{\"ph\":\"C\",\"name\":{},\"pid\":{},\"ts\":{},\"args\":{{{}:{}"
				"}}}}",
				json_string(described.event.name + " " + field.name),
				described.sample.pid, microseconds(described.time),
				json_string(field.name), value_json(field, described.sample.raw));
		}
	}

	std::FILE *to_;
	const frame_table &frames_;
	bool first_ = true;
	std::map<std::pair<uint32_t, uint32_t>, std::string> named_;
};

class json_lines : public exporter
{
public:
	json_lines(std::FILE *to, const frame_table &frames) : to_(to), frames_(frames) {}

	void add(const described_sample &described) override
	{
		const auto &sample = described.sample;
		fmt::print(
			to_,
			"{{\"time\":{},\"event\":{},\"cpu\":{},\"pid\":{},\"tid\":{},\"comm\":{}",
			described.time, json_string(described.event.name), sample.cpu, sample.pid,
			sample.tid, json_string(described.comm));
		if (sample.period)
			fmt::print(to_, ",\"period\":{}", sample.period);
		if (!described.frames.empty())
			fmt::print(to_, ",\"stack\":{}", stack_json(described, frames_));
		if (described.event.format)
			fmt::print(to_, ",\"fields\":{}",
				   fields_json(*described.event.format, sample.raw));
		fmt::print(to_, "}}\n");
	}

	void finish() override {}

private:
	std::FILE *to_;
	const frame_table &frames_;
};

} // namespace

std::unique_ptr<exporter> export_folded(std::FILE *to, const frame_table &frames)
{
	return std::make_unique<folded>(to, frames);
}

std::unique_ptr<exporter> export_speedscope(std::FILE *to, const frame_table &frames,
					    const std::string &name)
{
	return std::make_unique<speedscope>(to, frames, name);
}

std::unique_ptr<exporter> export_perfetto(std::FILE *to, const frame_table &frames)
{
	return std::make_unique<perfetto>(to, frames);
}

std::unique_ptr<exporter> export_json(std::FILE *to, const frame_table &frames)
{
	return std::make_unique<json_lines>(to, frames);
}

} // namespace perfbuf::analysis
