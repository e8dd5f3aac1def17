// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Runs a command through the shell, and keeps its output and status.
#include "run_command.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sys/wait.h>

namespace perfbuf::tests
{

namespace
{

std::string read_all(const std::string &path)
{
	std::ifstream file(path, std::ios::binary);
	return {std::istreambuf_iterator<char>(file), {}};
}

} // namespace

scratch_directory::scratch_directory()
{
	std::string name = std::filesystem::temp_directory_path() / "perfbuf-test-XXXXXX";
	if (!::mkdtemp(name.data()))
		std::abort();
	path_ = name;
}

scratch_directory::~scratch_directory()
{
	std::error_code ignored;
	std::filesystem::remove_all(path_, ignored);
}

outcome scratch_directory::run(const std::string &command) const
{
	// perf keeps a cache and its options at home: neither may matter here, nor a pager be
	// started.
	const std::string frame = "cd '" + path_.string() +
				  "' && export HOME=\"$PWD\" PERF_PAGER=cat LC_ALL=C && { " +
				  command + "\n} </dev/null >.out 2>.err";
	const int status = std::system(frame.c_str());
	return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
		read_all(*this / ".out"), read_all(*this / ".err")};
}

size_t count_lines(const std::string &text, const std::string &with)
{
	size_t count = 0;
	for (size_t at = 0; at < text.size();) {
		const size_t end = std::min(text.find('\n', at), text.size());
		count += text.substr(at, end - at).find(with) != std::string::npos;
		at = end + 1;
	}
	return count;
}

bool have_perf()
{
	static const bool found = std::system("perf version >/dev/null 2>&1") == 0;
	return found;
}

} // namespace perfbuf::tests
