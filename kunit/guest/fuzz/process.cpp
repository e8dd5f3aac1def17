// SPDX-License-Identifier: GPL-2.0
/* Operations of tasks beside the files: fork, exec, threads, maps; and files that change hands. */
#include <cstring>
#include <thread>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz/world.hpp"
#include "support/process.hpp"

namespace fuzz
{

namespace
{

int wait_for(pid_t child)
{
	int status;
	return error_of(waitpid(child, &status, 0));
}

/* The child has the files and none of the mappings. It calls nothing that takes a lock. */
int fork_child(actor &by)
{
	const int fd = by.file();
	const uint64_t how = by.below(4);
	const pid_t child = fork();
	if (child < 0)
		return errno;
	if (!child) {
		if (how == 1)
			close(fd);
		if (how == 2) {
			void *base =
				mmap(nullptr, 9 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
			if (how && base != MAP_FAILED)
				*static_cast<volatile uint64_t *>(base) = 1;
		}
		_exit(0);
	}
	return wait_for(child);
}

int exec_child(actor &by)
{
	const int fd = by.file();
	const bool passes_on = by.once_in(2);
	const pid_t child = fork();
	if (child < 0)
		return errno;
	if (!child) {
		char name[] = "perfbuf_fuzz", exit_now[] = "--exit";
		char *arguments[] = {name, exit_now, nullptr}, *environment[] = {nullptr};
		if (passes_on)
			fcntl(fd, F_SETFD, 0);
		syscall(SYS_execveat, by.of.image, "", arguments, environment, AT_EMPTY_PATH);
		_exit(errno);
	}
	int status = 0;
	if (waitpid(child, &status, 0) < 0)
		return errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

int thread(actor &by)
{
	const int fd = by.file();
	std::thread([fd] {
		char byte[256];
		[[maybe_unused]] const ssize_t n = read(fd, byte, sizeof(byte));
	}).join();
	return 0;
}

int rename_task(actor &by)
{
	return error_of(prctl(PR_SET_NAME, by.one_of({"fuzz", "a", "0123456789abcdef"})));
}

int map_code(actor &by)
{
	void *base = mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, by.of.image, 0);
	if (base == MAP_FAILED)
		return errno;
	return error_of(munmap(base, 4096));
}

int give_away(actor &by)
{
	return device_test::try_send_file(by.of.hub, by.file(), MSG_DONTWAIT);
}

int take_over(actor &by)
{
	int fd;
	const int error =
		device_test::try_receive_file(by.of.hub, fd, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (fd >= 0)
		by.keep_file(fd);
	return error;
}

} /* namespace */

std::vector<operation> process_operations()
{
	return {
		{"fork and exit", readers, 2, fork_child, {EAGAIN, ENOMEM}},
		{"exec", readers, 1, exec_child, {EAGAIN, ENOMEM}},
		{"a thread that reads", readers, 2, thread, {}},
		{"prctl(PR_SET_NAME)", readers, 2, rename_task, {}},
		{"mmap and munmap of code", readers, 2, map_code, {}},
		{"a file sent to another user",
		 readers,
		 3,
		 give_away,
		 {EBADF, EAGAIN, ETOOMANYREFS}},
		{"a file received", readers, 3, take_over, {EAGAIN}},
	};
}

} /* namespace fuzz */
