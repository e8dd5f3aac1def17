// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Creates the files that the program writes.
#include "program/destination.hpp"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>

#include "program/explain.hpp"

namespace perfbuf::program
{

reader::unique_fd create_file(const std::string &path)
{
	std::error_code ignored;
	std::error_code kept;
	if (std::filesystem::is_regular_file(path, ignored) &&
	    std::filesystem::file_size(path, ignored))
		std::filesystem::rename(path, path + ".old", kept);
	if (kept)
		throw failure(exit_failed, "the earlier " + path + " cannot be kept as " + path +
						   ".old (" + kept.message() +
						   "): move it away, or give another FILE");
	// We must not be the reader of a pipe that has no other: it would take data that is never
	// read, and then hold us.
	const bool pipe = std::filesystem::is_fifo(path, ignored);
	const int how = pipe ? O_WRONLY | O_NONBLOCK : O_RDWR | O_CREAT | O_TRUNC;
	reader::unique_fd fd(::open(path.c_str(), how | O_CLOEXEC, 0600));
	if (!fd)
		throw explain_create(path, errno);
	if (pipe)
		::fcntl(fd.get(), F_SETFL, O_WRONLY);
	return fd;
}

reader::unique_fd create_nameless_file()
{
	std::error_code ignored;
	const std::string directory = std::filesystem::temp_directory_path(ignored);
	std::string path = (directory.empty() ? "/tmp" : directory) + "/perfbuf-XXXXXX";
	reader::unique_fd fd(::mkostemp(path.data(), O_CLOEXEC));
	if (!fd)
		throw failure(exit_failed,
			      "cannot create a file in " + directory +
				      " to record into: give -o FILE, or set TMPDIR to a directory "
				      "that can be written");
	::unlink(path.c_str());
	return fd;
}

} // namespace perfbuf::program
