// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
#include "program/destination.hpp"

#include <cstdlib>
#include <fcntl.h>
#include <filesystem>

#include "program/failure.hpp"

namespace perfbuf::program
{

reader::unique_fd create_file(const std::string &path)
{
	std::error_code ignored;
	if (std::filesystem::is_regular_file(path, ignored) &&
	    std::filesystem::file_size(path, ignored))
		std::filesystem::rename(path, path + ".old", ignored);
	reader::unique_fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
	if (!fd)
		throw plain_failure(reader::system_error("cannot create " + path));
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
