// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// The command top: a live view of rates, losses and functions.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <map>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "program/command.hpp"
#include "program/failure.hpp"
#include "program/parse.hpp"
#include "program/samples.hpp"
#include "tracefile/show.hpp"

namespace perfbuf::program
{

namespace
{

constexpr const char *top_about =
	R"(Watch what runs now: the hottest functions, events per second, losses, and each CPU.

  perfbuf top                     the whole machine, by the clock
  perfbuf top -e clock,nvq        with the events of a driver beside it
  perfbuf top -p 1234             a process
  perfbuf top --views 1           one view, and no more: for a file or a pipe

On a terminal: q ends it, p holds the view and lets it go on.)";

struct top_words {
	feed_words feed;
	symbol_words symbols;
	std::string delay = "1";
	std::string count;
};

// The terminal, while the view is on it: keys come one by one and are not shown.
class terminal
{
public:
	terminal()
	{
		is_one_ = ::isatty(STDOUT_FILENO) != 0;
		reads_keys_ = is_one_ && ::tcgetattr(STDIN_FILENO, &before_) == 0;
		if (reads_keys_) {
			termios raw = before_;
			raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
			::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
		}
		if (is_one_)
			fmt::print("\033[?1049h\033[?25l");
	}
	terminal(const terminal &) = delete;
	terminal &operator=(const terminal &) = delete;
	~terminal()
	{
		if (is_one_) {
			fmt::print("\033[?25h\033[?1049l");
			std::fflush(stdout);
		}
		if (reads_keys_)
			::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
	}

	bool is_one() const noexcept { return is_one_; }

	/** @return columns and rows */
	std::pair<size_t, size_t> size() const
	{
		winsize now{};
		if (is_one_ && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &now) == 0 && now.ws_col)
			return {now.ws_col, now.ws_row};
		return {100, 40};
	}

	/** @return a key, or 0 */
	char key() const
	{
		pollfd wait{STDIN_FILENO, POLLIN, 0};
		char pressed = 0;
		if (reads_keys_ && ::poll(&wait, 1, 0) > 0 &&
		    ::read(STDIN_FILENO, &pressed, 1) == 1)
			return pressed;
		return 0;
	}

private:
	bool is_one_ = false;
	bool reads_keys_ = false;
	termios before_{};
};

// The samples since the last view.
struct interval {
	std::map<uint32_t, uint64_t> functions;	 // samples, by frame
	std::map<uint32_t, uint64_t> cpus;	 // all events
	std::map<uint32_t, uint64_t> busy;	 // samples of the clock, but the idle task's
	std::map<size_t, uint64_t> events;	 // by number
	std::map<std::string, uint64_t> threads; // samples of functions
	uint64_t samples = 0;			 // of functions
};

std::string bar(double share, size_t width)
{
	const auto full = static_cast<size_t>(share * static_cast<double>(width) + 0.5);
	std::string text;
	for (size_t at = 0; at < width; at++)
		text += at < std::min(full, width) ? "█" : "░";
	return text;
}

// Of a text with letters of several bytes, the first `columns` letters.
std::string cut(const std::string &text, size_t columns)
{
	size_t letters = 0;
	for (size_t at = 0; at < text.size(); at++)
		if ((static_cast<unsigned char>(text[at]) & 0xc0) != 0x80 && ++letters > columns)
			return text.substr(0, at);
	return text;
}

class view
{
public:
	view(const feed &from, analysis::frame_table &frames, double hertz)
		: from_(from), frames_(frames), hertz_(hertz)
	{
	}

	void add(const analysis::described_sample &described)
	{
		now_.events[described.event_number]++;
		now_.cpus[described.sample.cpu]++;
		if (described.event.format)
			return;
		now_.samples++;
		if (!described.frames.empty())
			now_.functions[described.frames.back()]++;
		if (described.sample.pid)
			now_.busy[described.sample.cpu]++;
		now_.threads[std::string(described.comm)]++;
	}

	/** @return lines; what came is counted anew */
	std::vector<std::string> draw(double seconds, uint64_t lost, size_t rows)
	{
		std::vector<std::string> lines;
		uint64_t all = 0;
		for (const auto &[_, count] : now_.events)
			all += count;
		lines.push_back(fmt::format("perfbuf top   {:.0f} events/s, {} lost in all",
					    static_cast<double>(all) / seconds,
					    group_digits(lost)));
		for (size_t at = 0; at < from_.events().size(); at++)
			lines.push_back(
				fmt::format("  {:<28} {:>10.0f}/s", from_.events()[at].name,
					    static_cast<double>(now_.events[at]) / seconds));
		for (const auto &[cpu, count] : now_.cpus)
			known_cpus_.emplace(cpu, 0);
		for (const auto &[cpu, _] : known_cpus_)
			lines.push_back(cpu_line(cpu, seconds));
		lines.emplace_back();
		lines.push_back(fmt::format("{:>7}  {:>8}  {:<24} {}", "Share", "Samples", "File",
					    "Function"));
		std::vector<std::pair<uint64_t, uint32_t>> hottest;
		for (const auto &[frame, count] : now_.functions)
			hottest.emplace_back(count, frame);
		std::sort(hottest.rbegin(), hottest.rend());
		for (const auto &[count, frame] : hottest) {
			if (lines.size() + 1 >= rows)
				break;
			const auto &of = frames_[frame];
			lines.push_back(fmt::format(
				"{:>6.1f}%  {:>8}  {:<24} {}{}",
				100.0 * static_cast<double>(count) /
					static_cast<double>(now_.samples),
				count, cut(tracefile::printable(of.file), 24),
				of.kind == analysis::frame_kind::kernel ? "[k] " : "[.] ",
				tracefile::printable(of.name)));
		}
		if (hottest.empty())
			lines.emplace_back("  nothing ran since the last view");
		now_ = {};
		return lines;
	}

private:
	std::string cpu_line(uint32_t cpu, double seconds)
	{
		const double rate = static_cast<double>(now_.cpus[cpu]) / seconds;
		if (hertz_ <= 0)
			return fmt::format("  CPU {:<4} {:>10.0f}/s", cpu, rate);
		// The clock ticks on an idle CPU, too: what is not the idle task's is use.
		const double used =
			std::min(1.0, static_cast<double>(now_.busy[cpu]) / (hertz_ * seconds));
		return fmt::format("  CPU {:<4} {:>10.0f}/s  {} {:>4.0f}%", cpu, rate,
				   bar(used, 30), 100 * used);
	}

	const feed &from_;
	analysis::frame_table &frames_;
	double hertz_;
	interval now_;
	std::map<uint32_t, int> known_cpus_;
};

int top(top_words &words, const call &from)
{
	const auto delay = parse_duration(words.delay);
	uint64_t views = words.count.empty() ? UINT64_MAX : parse_period(words.count);
	auto &options = words.feed.options;
	options.arguments = from.all;
	options.command = command_of(from);
	finish_record_options(options, from.app, words.feed.words);
	const auto feed = open_live(options, from.open, std::chrono::milliseconds(100));
	// The clock alone has a rate that says how much of a CPU was used.
	bool clock = false;
	for (const auto &event : feed->events())
		clock |= event.name == "clock" && event.attr.freq;
	sample_feed samples(*feed, words.symbols);
	view shown(*feed, samples.frames(), clock ? static_cast<double>(options.frequency) : 0);

	const terminal to;
	using steady = std::chrono::steady_clock;
	auto since = steady::now();
	bool held = false;
	return samples.run(
		[&](const analysis::described_sample &described) { shown.add(described); },
		[&](const pass_facts &facts) {
			const char key = to.key();
			if (key == 'p')
				held = !held;
			if (key == 'q')
				return false;
			const auto now = steady::now();
			if (held || (now - since < delay && !facts.last))
				return true;
			const auto [columns, rows] = to.size();
			const std::chrono::duration<double> seconds = now - since;
			since = now;
			std::string text = to.is_one() ? "\033[H" : "";
			for (const auto &line :
			     shown.draw(std::max(seconds.count(), 1e-3), facts.lost, rows))
				text += cut(line, columns) + (to.is_one() ? "\033[K\n" : "\n");
			text += to.is_one() ? "\033[J" : "\n";
			(void)std::fwrite(text.data(), 1, text.size(), stdout);
			return std::fflush(stdout) == 0 && --views > 0;
		});
}

} // namespace

command add_top(CLI::App &program)
{
	const auto words = std::make_shared<top_words>();
	auto *app = program.add_subcommand("top", top_about)->prefix_command();
	app->add_option("--delay", words->delay, "from view to view")
		->type_name("TIME")
		->capture_default_str();
	app->add_option("--views", words->count, "so many views [until q, or Ctrl-C]")
		->type_name("N");
	add_symbol_options(*app, words->symbols);
	add_event_options(*app, words->feed.words);
	add_sampling_options(*app, words->feed.options, words->feed.words);
	add_ring_options(*app, words->feed.words);
	return {app, [words](const call &from) { return top(*words, from); }};
}

} // namespace perfbuf::program
