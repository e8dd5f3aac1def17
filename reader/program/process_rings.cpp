// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Finds another process's rings by pidfd_getfd(2), and copies them.
#include "program/process_rings.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fmt/format.h>
#include <map>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "program/failure.hpp"

namespace perfbuf::program
{

namespace
{

namespace fs = std::filesystem;

reader::unique_fd open_process(pid_t pid)
{
	reader::unique_fd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
	if (fd)
		return fd;
	if (errno == ESRCH || errno == EINVAL)
		throw failure(exit_failed, fmt::format("there is no process {}", pid));
	throw plain_failure(reader::system_error(fmt::format("process {}", pid)));
}

failure no_right(pid_t pid)
{
	return {exit_failed,
		fmt::format("you have no right to the files of process {}: it takes root or "
			    "CAP_SYS_PTRACE, or a process of yours that a debugger may attach to",
			    pid)};
}

/** By the number of its node: "251:3". */
std::map<dev_t, const source *> nodes_of(const std::vector<source> &sources)
{
	std::map<dev_t, const source *> found;
	for (const auto &each : sources) {
		struct stat node {
		};
		if (!::stat(("/dev/perfbuf/" + each.name).c_str(), &node))
			found[node.st_rdev] = &each;
	}
	return found;
}

class search
{
public:
	search(pid_t pid, const std::string &wanted, const std::vector<source> &sources)
		: pid_(pid), process_(open_process(pid)), wanted_(wanted), nodes_(nodes_of(sources))
	{
	}

	process_rings run()
	{
		std::error_code why;
		const fs::path directory = fmt::format("/proc/{}/fd", pid_);
		fs::directory_iterator walk(directory, why);
		for (; !why && walk != fs::directory_iterator(); walk.increment(why))
			look_at(walk->path());
		if (why == std::errc::permission_denied ||
		    why == std::errc::operation_not_permitted)
			throw no_right(pid_);
		if (why == std::errc::no_such_file_or_directory ||
		    why == std::errc::no_such_process)
			throw failure(exit_failed, fmt::format("process {} has just ended", pid_));
		if (why)
			throw plain_failure({why, directory.string()});
		if (found_.rings.empty())
			throw nothing();
		return std::move(found_);
	}

private:
	// A descriptor that is closed meanwhile is none.
	void look_at(const fs::path &link)
	{
		struct stat node {
		};
		if (::stat(link.c_str(), &node) || !S_ISCHR(node.st_mode))
			return;
		const auto of = nodes_.find(node.st_rdev);
		if (of == nodes_.end() || (!wanted_.empty() && of->second->name != wanted_))
			return;
		const std::string name = link.filename();
		int number = -1;
		std::from_chars(name.data(), name.data() + name.size(), number);
		reader::unique_fd fd(
			static_cast<int>(::syscall(SYS_pidfd_getfd, process_.get(), number, 0)));
		if (fd)
			look_into(*of->second, reader::file(std::move(fd)));
		else if (errno == EPERM)
			throw no_right(pid_);
		else if (errno != EBADF && errno != ESRCH)
			throw plain_failure(
				reader::system_error("cannot take a file of a process"));
	}

	void look_into(const source &of, const reader::file &file)
	{
		const auto ring = reader::describe_ring(file);
		files_++;
		if (!ring) {
			note(ring.error().code);
			return;
		}
		mapped_++;
		const auto id = file.id();
		if (!ring->overwrite || !id)
			return;
		const auto is_it = [&](const process_ring &each) {
			return each.ring == ring->ring;
		};
		if (std::none_of(found_.rings.begin(), found_.rings.end(), is_it)) {
			auto copied = reader::copy_ring(file);
			if (!copied && copied.error().code == std::errc::operation_not_supported)
				throw failure(
					exit_failed,
					fmt::format("the ring of an event of process {} without "
						    "a CPU cannot be copied on this machine "
						    "while it is written: pause it",
						    pid_));
			if (!copied) {
				note(copied.error().code);
				return;
			}
			found_.rings.push_back({ring->ring, *std::move(copied)});
		}
		found_.files.push_back({&of, ring->attr, *id, ring->ring});
	}

	// Of a file without a ring that can be copied: one that is not configured or not mapped is
	// as good as none.
	void note(const std::error_code &why)
	{
		if (why == std::errc::no_such_device)
			gone_++;
		else if (why == std::errc::inappropriate_io_control_operation)
			throw failure(exit_failed, "this perfbuf.ko is older than the program, and "
						   "copies no ring of another process");
		else if (why != std::errc::invalid_argument && why.value() != EBADFD)
			throw plain_failure({why, fmt::format("a ring of process {}", pid_)});
	}

	failure nothing() const
	{
		const std::string of = wanted_.empty() ? "perfbuf" : wanted_;
		if (!files_)
			return {exit_failed, fmt::format("process {} has no file of {}", pid_, of)};
		if (mapped_)
			return {exit_failed,
				fmt::format(
					"no ring of {} that process {} has is in overwrite mode: "
					"its reader takes the records itself",
					of, pid_)};
		if (gone_)
			return {exit_failed,
				fmt::format(
					"the source of the files of {} that process {} has is gone",
					of, pid_)};
		return {exit_failed,
			fmt::format("process {} has mapped no ring of {} yet", pid_, of)};
	}

	pid_t pid_;
	reader::unique_fd process_;
	const std::string &wanted_;
	std::map<dev_t, const source *> nodes_;
	process_rings found_;
	size_t files_ = 0, mapped_ = 0, gone_ = 0;
};

} // namespace

process_rings copy_process_rings(pid_t pid, const std::string &wanted,
				 const std::vector<source> &sources)
{
	const auto is_it = [&](const source &each) { return each.name == wanted; };
	if (!wanted.empty() && std::none_of(sources.begin(), sources.end(), is_it))
		throw failure(exit_failed,
			      fmt::format("there is no source {}: the sources are {}", wanted,
					  sources.empty() ? "none" : names_of(sources)));
	return search(pid, wanted, sources).run();
}

} // namespace perfbuf::program
