// SPDX-License-Identifier: GPL-2.0
/* Child processes, CPUs to run on, gates, and waits with a limit. */
#include "support/process.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "support/event.hpp"

namespace device_test
{

/* No test takes this long: something hangs. */
constexpr int hang_ms = 240'000;

bool eventually(const std::function<bool()> &condition, std::chrono::milliseconds limit)
{
	const auto end = std::chrono::steady_clock::now() + limit;
	for (;;) {
		if (condition())
			return true;
		if (std::chrono::steady_clock::now() >= end)
			return false;
		std::this_thread::sleep_for(std::chrono::milliseconds(2));
	}
}

void pause_for(std::chrono::milliseconds time)
{
	std::this_thread::sleep_for(time);
}

std::vector<int> online_cpus()
{
	/* "0-1,3": what the kernel says, not what this thread may use. */
	std::istringstream in(read_file("/sys/devices/system/cpu/online"));
	std::vector<int> cpus;
	std::string range;
	while (std::getline(in, range, ',')) {
		int first = 0, last = 0;
		if (sscanf(range.c_str(), "%d-%d", &first, &last) < 2)
			last = first;
		for (int cpu = first; cpu <= last; cpu++)
			cpus.push_back(cpu);
	}
	return cpus;
}

void pin_to(int cpu)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		fail_errno("sched_setaffinity", errno);
}

pid_t current_tid()
{
	return static_cast<pid_t>(syscall(SYS_gettid));
}

gate::gate()
{
	if (pipe2(fds_, O_CLOEXEC))
		fail_errno("pipe", errno);
}

gate::~gate()
{
	close(fds_[0]);
	close(fds_[1]);
}

void gate::open() const
{
	if (write(fds_[1], "x", 1) != 1)
		fail_errno("write to a pipe", errno);
}

void gate::wait() const
{
	/* The process that should open it may have died: this process has both ends, and would wait
	 * for ever. */
	pollfd opened = {.fd = fds_[0], .events = POLLIN, .revents = 0};
	int ready;
	while ((ready = poll(&opened, 1, hang_ms)) < 0) {
		if (errno != EINTR)
			fail_errno("poll of a pipe", errno);
	}
	if (!ready)
		throw std::runtime_error("the gate was not opened");
	char c;
	if (read(fds_[0], &c, 1) < 0)
		fail_errno("read from a pipe", errno);
}

child::child(const std::function<int()> &body)
{
	std::cout.flush();
	fflush(nullptr);
	pid_ = fork();
	if (pid_ < 0)
		fail_errno("fork", errno);
	if (pid_)
		return;
	int code = 255;
	try {
		code = body();
	} catch (const std::exception &error) {
		fprintf(stderr, "in a child: %s\n", error.what());
	}
	fflush(nullptr);
	_exit(code);
}

child::child(child &&other) noexcept : pid_(other.pid_), over_(std::exchange(other.over_, true))
{
}

child::~child()
{
	if (!over_) {
		kill(SIGKILL);
		wait();
	}
}

outcome child::wait()
{
	int status = 0;
	while (waitpid(pid_, &status, 0) < 0) {
		if (errno != EINTR)
			fail_errno("waitpid", errno);
	}
	over_ = true;
	if (WIFSIGNALED(status))
		return {.code = -1, .signal = WTERMSIG(status)};
	return {.code = WEXITSTATUS(status), .signal = 0};
}

void child::kill(int signal) const
{
	::kill(pid_, signal);
}

namespace
{

/* A message with a byte, and space for a file. */
struct file_message {
	char byte = 'x', space[CMSG_SPACE(sizeof(int))] = {};
	iovec data = {&byte, 1};
	msghdr message = {};

	file_message()
	{
		message.msg_iov = &data;
		message.msg_iovlen = 1;
		message.msg_control = space;
		message.msg_controllen = sizeof(space);
	}
	file_message(const file_message &) = delete;
};

} /* namespace */

int try_send_file(int socket, int fd, int flags)
{
	file_message to;
	cmsghdr *control = CMSG_FIRSTHDR(&to.message);
	control->cmsg_level = SOL_SOCKET;
	control->cmsg_type = SCM_RIGHTS;
	control->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(control), &fd, sizeof(fd));
	return sendmsg(socket, &to.message, flags) == 1 ? 0 : errno;
}

int try_receive_file(int socket, int &fd, int flags)
{
	file_message from;
	fd = -1;
	if (recvmsg(socket, &from.message, flags) < 0)
		return errno;
	if (const cmsghdr *control = CMSG_FIRSTHDR(&from.message))
		memcpy(&fd, CMSG_DATA(control), sizeof(fd));
	return 0;
}

void send_file(int socket, int fd)
{
	if (const int error = try_send_file(socket, fd, 0))
		fail_errno("sendmsg", error);
}

outcome run_in_child(const std::function<int()> &body)
{
	return child(body).wait();
}

std::string read_file(const std::string &path)
{
	std::ifstream in(path);
	if (!in)
		throw std::runtime_error("cannot open " + path);
	std::ostringstream text;
	text << in.rdbuf();
	return text.str();
}

int write_file(const std::string &path, const std::string &text)
{
	unique_fd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
	if (!fd.valid())
		return errno;
	return write(fd.get(), text.data(), text.size()) < 0 ? errno : 0;
}

long status_value(const std::string &key)
{
	std::istringstream in(read_file("/proc/self/status"));
	std::string line;
	while (std::getline(in, line)) {
		if (line.starts_with(key + ":"))
			return std::stol(line.substr(key.size() + 1));
	}
	throw std::runtime_error("no " + key + " in /proc/self/status");
}

const std::string &scratch()
{
	struct folder {
		std::string path;
		pid_t owner = getpid();
		folder()
		{
			std::filesystem::create_directories("/tmp");
			char name[] = "/tmp/device_test.XXXXXX";
			if (!mkdtemp(name))
				fail_errno("mkdtemp", errno);
			path = name;
		}
		~folder()
		{
			std::error_code ignored;
			if (getpid() == owner)
				std::filesystem::remove_all(path, ignored);
		}
	};
	static const folder here;
	return here.path;
}

} /* namespace device_test */
