// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Parses the command line: common options, completion of values, and the dispatch to a command.
#include "program/cli.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <system_error>
#include <unistd.h>

#include "program/command.hpp"
#include "program/explain.hpp"
#include "program/failure.hpp"
#include "program/say.hpp"
#include "tracefile/show.hpp"

namespace perfbuf::program
{

namespace
{

class formatter : public CLI::Formatter
{
public:
	std::string make_usage(const CLI::App *app, std::string name) const override
	{
		std::string usage =
			CLI::Formatter::make_usage(app, name.empty() ? name : "perfbuf " + name);
		if (app->get_prefix_command())
			usage.insert(usage.find_last_not_of('\n') + 1, " [--] [COMMAND...]");
		return usage;
	}
};

constexpr const char *about = R"(perfbuf: records from the sources of the perfbuf kernel module.

  perfbuf record -g -- ./program      records a command into perf.data
  perf report                         shows where its time went
  perfbuf trace -- ./program          shows which functions of the kernel it entered)";

// In the order in which the help shows them.
constexpr command (*const table[])(CLI::App &) = {
	add_record, add_trace, add_flame, add_hist,   add_top,	add_script, add_export,
	add_list,   add_stat,  add_exec,  add_doctor, add_dump, add_recover};

// An empty value is mostly a variable of a shell's that was not set, and never means "not given":
// without its -p a recording would be of the whole machine.
void refuse_empty_values(CLI::App &app)
{
	for (auto *option : app.get_options())
		if (option->get_items_expected_max() > 0)
			option->check([option](const std::string &value) {
				return value.empty() ? fmt::format("its value is empty: give {}, "
								   "or leave the option out",
								   option->get_type_name())
						     : std::string();
			});
}

// The value of an option that may go without one stands directly behind it, or "perfbuf record -z
// make" would compress at level "make". Gives those without one what stands for it.
void attach_values(std::vector<std::string> &words, CLI::App &app)
{
	for (size_t at = 2; at < words.size() && words[at].starts_with('-'); at++) {
		const size_t equals = words[at].find('=');
		const std::string name = words[at].substr(0, equals);
		const auto *option = app.get_option_no_throw(name);
		if (!option || option->get_items_expected_max() == 0)
			continue;
		const bool may_go_without = option->get_items_expected_min() == 0;
		if (may_go_without && equals == words[at].size() - 1)
			throw failure(exit_usage, fmt::format("{}: its value is empty: give {}, or "
							      "leave the option out",
							      name, option->get_type_name()));
		if (equals != std::string::npos)
			continue;
		if (may_go_without)
			words[at] +=
				(name.starts_with("--") ? "=" : "") + option->get_default_str();
		else
			at++; // its value
	}
}

// A file that we open must not become a standard stream that was closed. What stands there instead
// can be neither read nor written, and the command finds it closed as we did.
void fill_standard_streams()
{
	for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
		if (::fcntl(fd, F_GETFD) < 0)
			(void)::open("/dev/null",
				     (fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
}

// Printed text may still be in the buffer, and exit() does not report that it cannot be written.
void flush_output()
{
	errno = 0;
	if (std::fflush(stdout) != 0 || std::ferror(stdout))
		throw explain_output(errno ? errno : EIO);
}

// "record, trace or list"
std::string names_of(const std::vector<command> &commands)
{
	std::string names;
	for (size_t at = 0; at < commands.size(); at++)
		names += (!at			      ? ""
			  : at + 1 == commands.size() ? " or "
						      : ", ") +
			 commands[at].app->get_name();
	return names;
}

int run_parsed(std::vector<std::string> words, const opener &open)
{
	const std::vector<std::string> all = words;
	// The words behind "--" are the command's, even if they look like options.
	const auto dashes = std::find(words.begin(), words.end(), "--");
	std::vector<std::string> behind(dashes, words.end());
	words.erase(dashes, words.end());

	CLI::App app(about);
	app.formatter(std::make_shared<formatter>());
	app.require_subcommand(1);
	app.set_version_flag("--version", "perfbuf " PERFBUF_VERSION);
	std::vector<command> commands;
	for (const auto add : table) {
		commands.push_back(add(app));
		refuse_empty_values(*commands.back().app);
	}
	const auto known = [&](const std::string &name) {
		return std::any_of(commands.begin(), commands.end(), [&](const command &each) {
			return each.app->get_name() == name;
		});
	};
	if (words.size() < 2)
		throw failure(exit_usage, fmt::format("give a command: {}; see perfbuf --help",
						      names_of(commands)));
	if (!words[1].starts_with('-') && !known(words[1]))
		throw failure(exit_usage, fmt::format("there is no command {}: give {}", words[1],
						      names_of(commands)));
	if (known(words[1]))
		attach_values(words, *app.get_subcommand(words[1]));
	try {
		std::vector<std::string> reversed(words.rbegin(), std::prev(words.rend()));
		app.parse(reversed);
	} catch (const CLI::Success &asked) {
		return app.exit(asked);
	} catch (const CLI::ParseError &wrong) {
		throw failure(exit_usage, fmt::format("{}; see perfbuf {}--help", wrong.what(),
						      known(words[1]) ? words[1] + " " : ""));
	}

	CLI::App *chosen = app.get_subcommands().front();
	// The program's own "--" goes; one that follows a command is that command's.
	if (!behind.empty() && chosen->remaining().empty())
		behind.erase(behind.begin());
	const auto found = std::find_if(commands.begin(), commands.end(),
					[&](const command &each) { return each.app == chosen; });
	return found->run({*chosen, std::move(behind), all, open});
}

} // namespace

// Everything from the first word on that is no option of ours: perfbuf record ls -l.
std::vector<std::string> command_of(const call &of)
{
	std::vector<std::string> command = of.app.remaining();
	if (!command.empty() && command[0].starts_with('-'))
		throw failure(exit_usage,
			      fmt::format("there is no option {}: see perfbuf {} --help",
					  command[0], of.app.get_name()));
	command.insert(command.end(), of.behind.begin(), of.behind.end());
	if (!command.empty() && command[0].empty())
		throw failure(exit_usage, "the name of the command is empty: give one behind --");
	return command;
}

namespace
{

// Names out of a file may hold what a terminal obeys.
void say_failure(std::string_view text)
{
	std::string lines;
	for (size_t at = 0; at <= text.size();) {
		const size_t end = std::min(text.find('\n', at), text.size());
		lines += (at ? "\n" : "") + tracefile::printable(text.substr(at, end - at));
		at = end + 1;
	}
	say("perfbuf: {}\n", lines);
}

} // namespace

int run(int argc, char **argv, const opener &open)
{
	fill_standard_streams();
	try {
		const int status = run_parsed({argv, argv + argc}, open);
		flush_output();
		return status;
	} catch (const failure &why) {
		say_failure(why.what());
		return why.status();
	} catch (const std::system_error &why) {
		// Of fmt::print(), which does not know what it writes to.
		if (std::ferror(stdout))
			say_failure(explain_output(why.code().value()).what());
		else
			say_failure(why.what());
		return exit_failed;
	} catch (const std::exception &why) {
		say_failure(why.what());
		return exit_failed;
	}
}

reader::result<reader::file> open_device(const std::string &source, const perf_event_attr &attr,
					 event_tasks tasks, int cpu)
{
	auto file = reader::file::open(source);
	if (file)
		if (auto done = file->configure(attr, tasks.pid, cpu, tasks.flags); !done)
			return done.error();
	return file;
}

} // namespace perfbuf::program
