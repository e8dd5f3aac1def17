// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Prints a function trace as text, as a histogram, or as JSON.
#include "tracefile/show.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <set>
#include <vector>

#include "tracefile/output.hpp"

namespace perfbuf::tracefile
{

missing totals::all() const
{
	missing sum;
	for (const auto &[cpu, each] : by_cpu) {
		sum.calls += each.calls;
		sum.gaps += each.gaps;
		sum.full += each.full;
		sum.bytes += each.bytes;
		sum.cut += each.cut;
	}
	return sum;
}

void totals::add(const event &event)
{
	if (event.kind == event_kind::call) {
		calls++;
		if (const auto known = by_function.find(event.address); known != by_function.end())
			known->second++;
		else if (by_function.size() < most_functions)
			by_function.emplace(event.address, 1);
		else
			of_others++;
		return;
	}
	missing &of = by_cpu[event.cpu];
	if (!of.gaps && !of.full && !of.bytes && !of.cut)
		of.first = event.since;
	of.last = std::max(of.last, event.time);
	if (event.kind == event_kind::lost) {
		of.calls += event.count;
		of.gaps++;
	} else if (event.kind == event_kind::full) {
		of.full++;
	} else if (event.why == reason::truncated) {
		of.cut += event.count;
	} else {
		of.bytes += event.count;
	}
}

std::string show_time(uint64_t ns)
{
	return fmt::format("{}.{:09}", ns / 1'000'000'000, ns % 1'000'000'000);
}

namespace
{

// The bytes of the UTF-8 letter that the text begins with; 0: it is none.
size_t utf8_length(std::string_view text)
{
	const auto byte = [&](size_t at) { return static_cast<unsigned char>(text[at]); };
	const unsigned char head = byte(0);
	const size_t length = head < 0x80   ? 1
			      : head < 0xc2 ? 0
			      : head < 0xe0 ? 2
			      : head < 0xf0 ? 3
			      : head < 0xf5 ? 4
					    : 0;
	if (!length || length > text.size())
		return 0;
	for (size_t at = 1; at < length; at++)
		if ((byte(at) & 0xc0) != 0x80)
			return 0;
	// Too long for what it says, a half of a pair, or beyond the last letter.
	if ((head == 0xe0 && byte(1) < 0xa0) || (head == 0xed && byte(1) >= 0xa0) ||
	    (head == 0xf0 && byte(1) < 0x90) || (head == 0xf4 && byte(1) >= 0x90))
		return 0;
	return length;
}

// Does the text begin with what moves a terminal's cursor, or more? `length`: utf8_length().
bool controls(std::string_view text, size_t length)
{
	const auto byte = [&](size_t at) { return static_cast<unsigned char>(text[at]); };
	const unsigned char last = byte(length == 2 && byte(0) == 0xc2 ? 1 : 0);
	return byte(0) < 0x20 || byte(0) == 0x7f || (length != 1 && last >= 0x80 && last < 0xa0);
}

} // namespace

std::string printable(std::string_view text)
{
	std::string out;
	while (!text.empty()) {
		const size_t letter = utf8_length(text);
		const size_t length = std::max<size_t>(letter, 1);
		if (controls(text, letter))
			out += '?';
		else
			out += text.substr(0, length);
		text.remove_prefix(length);
	}
	return out;
}

namespace
{

// The damage, as a sentence without a full stop.
std::string describe_damage(const event &event)
{
	const std::string since =
		event.since ? " since " + show_time(event.since) : " before the first call";
	switch (event.kind) {
	case event_kind::lost:
		return fmt::format("{} call{} lost{}", event.count, event.count == 1 ? "" : "s",
				   since);
	case event_kind::full:
		return fmt::format("the buffer was full, calls are missing{}", since);
	default:
		return event.why == reason::none
			       ? fmt::format("{} bytes are missing in the file{}", event.count,
					     since)
			       : fmt::format("{} bytes{} say nothing: {}", event.count, since,
					     to_string(event.why));
	}
}

class text_printer : public printer
{
public:
	text_printer(output &to, names &of, const reader_file &file) : printer(to, of)
	{
		for (const auto &[name, value] : file.about())
			to_.print("# {}: {}\n", printable(name), printable(value));
		to_.print("#{:>15} {:>5} {:<15} {:>15}  {}\n", "time", "cpu", "comm", "pid/tid",
			  "function");
	}

	void call(const event &event) override
	{
		const auto *task = event.task;
		to_.print("{:>16} [{:03}] {:<15} {:>15}  {}\n", show_time(event.time), event.cpu,
			  task ? printable(task->name()) : "?",
			  task ? fmt::format("{}/{}", task->pid, task->tid) : "?",
			  names_.of(event.address));
	}

	void damage(const event &event) override
	{
		to_.print("{:>16} [{:03}] -- {}\n", show_time(event.time), event.cpu,
			  describe_damage(event));
	}
};

class histogram_printer : public printer
{
public:
	using printer::printer;

	void finish(const totals &all) override
	{
		struct line {
			uint64_t calls;
			std::string name;
		};
		std::vector<line> lines;
		for (const auto &[address, calls] : all.by_function)
			lines.push_back({calls, names_.of(address)});
		std::sort(lines.begin(), lines.end(), [](const line &a, const line &b) {
			return a.calls != b.calls ? a.calls > b.calls : a.name < b.name;
		});
		// Not a function: it stands behind all.
		if (all.of_others)
			lines.push_back({all.of_others, "(other functions)"});
		to_.print("#{:>11} {:>8}  {}\n", "calls", "share", "function");
		for (const auto &each : lines)
			to_.print("{:>12} {:>7.2f}%  {}\n", each.calls,
				  100.0 * static_cast<double>(each.calls) /
					  static_cast<double>(all.calls),
				  each.name);
		for (const auto &[cpu, each] : all.by_cpu) {
			std::string faults;
			if (each.gaps)
				faults += fmt::format(", {} calls lost in {} place{}", each.calls,
						      each.gaps, each.gaps == 1 ? "" : "s");
			if (each.full)
				faults += fmt::format(", the buffer was full {} time{}", each.full,
						      each.full == 1 ? "" : "s");
			if (each.bytes)
				faults += fmt::format(", {} bytes say nothing or are missing",
						      each.bytes);
			if (each.cut)
				faults += ", its end is missing";
			to_.print("# CPU {} between {} and {}: {}\n", cpu, show_time(each.first),
				  show_time(each.last),
				  faults.substr(std::min<size_t>(2, faults.size())));
		}
	}
};

/*
 * A function's entry is an instant: nothing says when it was left. So each is an instant event
 * ("i") on the track of its thread ("s": "t"), and what is missing is one across all tracks ("s":
 * "g"). Times are microseconds with three decimals. Threads and processes are named as they are
 * first met, and again under a new name, and where more went by than we keep in mind.
 */
class json_printer : public printer
{
public:
	json_printer(output &to, names &of, const reader_file &file) : printer(to, of)
	{
		to_.print("{{\"displayTimeUnit\":\"ns\",\"otherData\":{{");
		const char *between = "";
		std::set<std::string> seen; // JSON wants each name once
		for (const auto &[name, value] : file.about())
			if (seen.insert(name).second) {
				to_.print("{}{}:{}", between, json_string(name),
					  json_string(value));
				between = ",";
			}
		to_.print("}},\"traceEvents\":[");
	}

	void call(const event &event) override
	{
		const uint32_t pid = event.task ? event.task->pid : UINT32_MAX;
		const uint32_t tid = event.task ? event.task->tid : UINT32_MAX;
		// The idle tasks of all CPUs are thread 0.
		name_thread(pid, tid,
			    !event.task ? "unknown"
			    : !tid	? "swapper"
					: event.task->name());
		begin();
		to_.print("{{\"ph\":\"i\",\"s\":\"t\",\"name\":{},\"pid\":{},\"tid\":{},\"ts\":{},"
			  "\"args\":{{\"cpu\":{}}}}}",
			  json_string(names_.of(event.address)), pid, tid, microseconds(event.time),
			  event.cpu);
	}

	void damage(const event &event) override
	{
		begin();
		to_.print("{{\"ph\":\"i\",\"s\":\"g\",\"name\":{},\"pid\":0,\"tid\":0,\"ts\":{},"
			  "\"args\":{{\"cpu\":{}}}}}",
			  json_string(fmt::format("CPU {}: {}", event.cpu, describe_damage(event))),
			  microseconds(event.time), event.cpu);
	}

	void finish(const totals &) override { to_.print("\n]}}\n"); }

private:
	static std::string microseconds(uint64_t ns)
	{
		return fmt::format("{}.{:03}", ns / 1000, ns % 1000);
	}

	void begin()
	{
		to_.print("{}\n", first_ ? "" : ",");
		first_ = false;
	}

	void name_thread(uint32_t pid, uint32_t tid, std::string_view name)
	{
		if (named_.size() >= most_kept) {
			named_.clear();
			processes_.clear();
		}
		auto &known = named_[{pid, tid}];
		if (known == name && !known.empty())
			return;
		known = name;
		if (pid == tid || !processes_.contains(pid)) {
			processes_.insert(pid);
			describe("process_name", pid, tid, name);
		}
		describe("thread_name", pid, tid, name);
	}

	void describe(std::string_view kind, uint32_t pid, uint32_t tid, std::string_view name)
	{
		begin();
		to_.print(
			"{{\"ph\":\"M\",\"name\":\"{}\",\"pid\":{},\"tid\":{},\"args\":{{\"name\":"
			"{}}}}}",
			kind, pid, tid, json_string(name));
	}

	bool first_ = true;
	std::map<std::pair<uint32_t, uint32_t>, std::string> named_;
	std::set<uint32_t> processes_;
};

} // namespace

std::string json_string(std::string_view text)
{
	std::string out = "\"";
	while (!text.empty()) {
		const size_t length = utf8_length(text);
		const auto head = static_cast<unsigned char>(text.front());
		if (!length)
			out += "\\ufffd";
		else if (controls(text, length)) // their last byte is their number
			out += fmt::format("\\u{:04x}",
					   static_cast<unsigned char>(text[length - 1]));
		else if (head == '"' || head == '\\')
			out += {'\\', text.front()};
		else
			out += text.substr(0, length);
		text.remove_prefix(std::max<size_t>(length, 1));
	}
	return out + '"';
}

totals count(reader_file &from)
{
	totals seen;
	merge all(from);
	while (const auto event = all.next())
		seen.add(*event);
	return seen;
}

reader::result<totals> show(reader_file &from, format how, std::FILE *to)
{
	output out(to);
	names of(from.symbols());
	std::unique_ptr<printer> print;
	if (how == format::text)
		print = std::make_unique<text_printer>(out, of, from);
	else if (how == format::histogram)
		print = std::make_unique<histogram_printer>(out, of);
	else
		print = std::make_unique<json_printer>(out, of, from);

	totals seen;
	merge all(from);
	while (const auto event = all.next()) {
		seen.add(*event);
		if (event->kind == event_kind::call)
			print->call(*event);
		else
			print->damage(*event);
		if (out.failed())
			break;
	}
	print->finish(seen);
	if (auto done = out.flush(); !done)
		return done.error();
	return seen;
}

} // namespace perfbuf::tracefile
