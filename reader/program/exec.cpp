// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// The command exec: runs a program whose perf_event_open(2) goes to our sources.
#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <unistd.h>

#include "program/command.hpp"
#include "program/commands.hpp"
#include "program/explain.hpp"
#include "program/failure.hpp"
#include "program/sources.hpp"

namespace perfbuf::program
{

namespace
{

namespace fs = std::filesystem;

constexpr const char *exec_about =
	R"(Run a command whose perf events are ours: each that it opens by perf_event_open(2) is opened in
/dev/perfbuf instead, the CPU clock of "clock" and all others of "pmu".

  perfbuf exec -- perf record -a -g -- sleep 10
  perfbuf exec -- perf top

Programs that are linked statically, or make the system call without libc, are not changed.)";

constexpr const char *library_name = "libperfbuf-exec.so";

// In the build tree it stands beside the program, installed in a directory of its own.
fs::path find_library()
{
	std::error_code why;
	const fs::path program = fs::read_symlink("/proc/self/exe", why);
	const fs::path directory = program.parent_path();
	for (const auto &each :
	     {directory / library_name, directory / PERFBUF_EXEC_DIRECTORY / library_name})
		if (fs::exists(each, why))
			return fs::canonical(each, why);
	throw failure(
		exit_failed,
		fmt::format("{} is not beside {} nor in {}: install perfbuf whole, with cmake "
			    "--install",
			    library_name, program.string(),
			    (directory / PERFBUF_EXEC_DIRECTORY).lexically_normal().string()));
}

void require_sources()
{
	for (const char *name : {"clock", "pmu"}) {
		const std::string device = std::string("/dev/perfbuf/") + name;
		if (::access(device.c_str(), R_OK | W_OK) < 0)
			throw explain_device(name, errno);
	}
}

} // namespace

int exec(const std::vector<std::string> &command)
{
	require_sources();
	std::string preload = find_library();
	// The loader takes spaces and colons for the end of a name.
	if (preload.find_first_of(" :") != std::string::npos)
		throw failure(exit_failed,
			      fmt::format("the loader cannot take {} by a path with a space or a "
					  "colon: install perfbuf elsewhere",
					  preload));
	if (const char *others = std::getenv("LD_PRELOAD"); others && *others)
		preload = preload + ":" + others;
	::setenv("LD_PRELOAD", preload.c_str(), 1);

	std::vector<char *> arguments;
	for (const auto &argument : command)
		arguments.push_back(const_cast<char *>(argument.c_str()));
	arguments.push_back(nullptr);
	::execvp(arguments[0], arguments.data());
	const int why = errno;
	throw failure(why == ENOENT || why == ENOTDIR ? exit_not_found : exit_not_executable,
		      fmt::format("cannot run {}: {}", command[0], std::strerror(why)));
}

command add_exec(CLI::App &program)
{
	return {program.add_subcommand("exec", exec_about)->prefix_command(),
		[](const call &from) -> int {
			const auto command = command_of(from);
			if (command.empty())
				throw failure(
					exit_usage,
					"give a command to run, as in perfbuf exec -- perf top");
			exec(command);
		}};
}

} // namespace perfbuf::program
