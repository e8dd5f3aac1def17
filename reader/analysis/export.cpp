// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Writes a recording as folded stacks, speedscope, Perfetto's JSON, and JSON lines.
#include "analysis/export.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <unordered_map>

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

// Memory of folded stacks and speedscope until they are written: some millions of different
// stacks.
constexpr size_t most_collected = size_t{512} << 20;

class folded : public exporter
{
public:
	folded(std::FILE *to, const frame_table &frames) : to_(to), frames_(frames) {}

	void add(const described_sample &described) override
	{
		std::string line(plain(described.comm));
		for (const uint32_t frame : described.frames)
			line += ";" + plain(frames_[frame].name);
		const auto found = counts_.find(line);
		if (found != counts_.end()) {
			found->second++;
			return;
		}
		if (size_ + line.size() + line_size > most_collected) {
			left_out_++;
			return;
		}
		size_ += line.size() + line_size;
		counts_.emplace(std::move(line), 1);
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

	static constexpr size_t line_size = 96; // of memory for a line, without its text

	std::FILE *to_;
	const frame_table &frames_;
	std::map<std::string, uint64_t> counts_;
	size_t size_ = 0;
};

// Stacks, those with a beginning in common sharing it.
class stack_set
{
public:
	static constexpr size_t node_size = 64; // of memory

	/** @return its number; nothing: it would take more than `most` nodes that are new */
	std::optional<uint32_t> number_of(std::span<const uint32_t> frames, size_t most)
	{
		uint32_t at = none;
		size_t known = 0;
		for (; known < frames.size(); known++) {
			const auto found = numbers_.find(key(at, frames[known]));
			if (found == numbers_.end())
				break;
			at = found->second;
		}
		if (frames.size() - known > most || frames.size() - known > none - nodes_.size())
			return std::nullopt;
		for (const uint32_t frame : frames.subspan(known)) {
			const auto next = static_cast<uint32_t>(nodes_.size());
			numbers_.emplace(key(at, frame), next);
			nodes_.push_back({at, frame});
			at = next;
		}
		return at;
	}

	size_t size() const noexcept { return nodes_.size(); }

	/** Root first. */
	void read(uint32_t number, std::vector<uint32_t> &to) const
	{
		to.clear();
		for (; number != none; number = nodes_[number].outer)
			to.push_back(nodes_[number].frame);
		std::reverse(to.begin(), to.end());
	}

private:
	static constexpr uint32_t none = UINT32_MAX;
	struct node {
		uint32_t outer;
		uint32_t frame;
	};
	static uint64_t key(uint32_t outer, uint32_t frame)
	{
		return uint64_t{outer} << 32 | frame;
	}

	std::vector<node> nodes_;
	std::unordered_map<uint64_t, uint32_t> numbers_;
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
		const thread_key key{described.event_number, described.sample.pid,
				     described.sample.tid};
		const size_t size = stacks_.size() * stack_set::node_size + samples_ * sample_size +
				    threads_.size() * thread_size;
		const size_t needed = sample_size + (threads_.contains(key) ? 0 : thread_size);
		const auto stack = size + needed > most_collected
					   ? std::nullopt
					   : stacks_.number_of(described.frames,
							       (most_collected - size - needed) /
								       stack_set::node_size);
		if (!stack) {
			left_out_++;
			return;
		}
		samples_++;
		auto &thread = threads_[key];
		thread.name = fmt::format("{} {}/{}: {}", described.comm, described.sample.pid,
					  described.sample.tid, described.event.name);
		thread.stacks.push_back(*stack);
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
	using thread_key = std::tuple<size_t, uint32_t, uint32_t>; // event, pid, tid

	// Of memory; a vector may have twice what is in it.
	static constexpr size_t sample_size = 2 * (sizeof(uint32_t) + sizeof(uint64_t));
	static constexpr size_t thread_size = 512;

	struct thread_samples {
		std::string name;
		std::vector<uint32_t> stacks;
		std::vector<uint64_t> weights;
		uint64_t total = 0;
		bool in_time = false;
	};

	void put(const thread_samples &thread, bool first)
	{
		std::vector<uint32_t> frames;
		fmt::print(to_,
			   "{}{{\"type\":\"sampled\",\"name\":{},\"unit\":\"{}\",\"startValue\":0,"
			   "\"endValue\":{},\"samples\":[",
			   first ? "" : ",\n", json_string(thread.name),
			   thread.in_time ? "nanoseconds" : "none", thread.total);
		for (size_t at = 0; at < thread.stacks.size(); at++) {
			stacks_.read(thread.stacks[at], frames);
			fmt::print(to_, "{}[{}]", at ? "," : "", fmt::join(frames, ","));
		}
		fmt::print(to_, "],\"weights\":[{}]}}", fmt::join(thread.weights, ","));
	}

	std::FILE *to_;
	const frame_table &frames_;
	std::string name_;
	stack_set stacks_;
	size_t samples_ = 0;
	std::map<thread_key, thread_samples> threads_;
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
		// A thread that is forgotten is named again.
		if (named_.size() >= most_named)
			named_.clear();
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

	// A track for each field of an event that is a number.
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
	static constexpr size_t most_named = size_t{1} << 20;

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
