// SPDX-License-Identifier: GPL-2.0
/* Work that a test samples: known functions, faults, and the kernel. */
#include "support/workload.hpp"

#include <vector>

#include <cerrno>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support/event.hpp"
#include "support/mapping.hpp"
#include "support/process.hpp"

/* The linker names the ends of a section whose name is an identifier. */
extern "C" {
extern const char __start_pb_outer[], __stop_pb_outer[];
extern const char __start_pb_middle[], __stop_pb_middle[];
extern const char __start_pb_leaf[], __stop_pb_leaf[];
extern const char __executable_start[], etext[];
}

namespace device_test
{
namespace
{

bool within(uint64_t ip, const char *first, const char *last)
{
	/* A return address may stand right behind the last call. */
	return ip >= reinterpret_cast<uintptr_t>(first) && ip <= reinterpret_cast<uintptr_t>(last);
}

[[gnu::noinline, gnu::section("pb_leaf")]] void spin_leaf(const std::atomic<bool> &stop)
{
	while (!stop.load(std::memory_order_relaxed))
		asm volatile("" ::: "memory");
}

[[gnu::noinline, gnu::section("pb_middle")]] void spin_middle(const std::atomic<bool> &stop)
{
	spin_leaf(stop);
	asm volatile("" ::: "memory");
}

[[gnu::noinline, gnu::section("pb_outer")]] void spin_outer(const std::atomic<bool> &stop)
{
	uint64_t marks[sentinel_words];
	for (uint64_t &mark : marks)
		mark = sentinel;
	asm volatile("" ::"r"(marks) : "memory");
	spin_middle(stop);
	asm volatile("" ::"r"(marks) : "memory");
}

void spin_in_kernel(const std::atomic<bool> &stop)
{
	unique_fd zero(open("/dev/zero", O_RDONLY | O_CLOEXEC));
	std::vector<char> buffer(1 << 20);
	while (!stop.load(std::memory_order_relaxed)) {
		if (read(zero.get(), buffer.data(), buffer.size()) < 0)
			return;
	}
}

} /* namespace */

bool in_outer(uint64_t ip)
{
	return within(ip, __start_pb_outer, __stop_pb_outer);
}

bool in_middle(uint64_t ip)
{
	return within(ip, __start_pb_middle, __stop_pb_middle);
}

bool in_leaf(uint64_t ip)
{
	return within(ip, __start_pb_leaf, __stop_pb_leaf);
}

bool in_program(uint64_t ip)
{
	return within(ip, __executable_start, etext) || in_outer(ip) || in_middle(ip) ||
	       in_leaf(ip);
}

void spin(const std::atomic<bool> &stop)
{
	spin_outer(stop);
}

spinner::spinner(int cpu, work kind)
{
	thread_ = std::thread([this, cpu, kind] {
		if (cpu >= 0)
			pin_to(cpu);
		/* At least these bytes of its stack are in use when a sample dumps it. */
		char depth[deep_bytes] = {};
		asm volatile("" ::"r"(depth) : "memory");
		uint64_t here = 0;
		stack_ = reinterpret_cast<uintptr_t>(&here);
		tid_ = current_tid();
		if (kind == work::user)
			spin_outer(stop_);
		else
			spin_in_kernel(stop_);
	});
	while (!tid_)
		std::this_thread::yield();
}

spinner::~spinner()
{
	stop();
}

void spinner::stop()
{
	stop_ = true;
	if (thread_.joinable())
		thread_.join();
}

char *fault(size_t n)
{
	void *pages = mmap(nullptr, n * page_size(), PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED)
		fail_errno("mmap", errno);
	madvise(pages, n * page_size(), MADV_NOHUGEPAGE);
	char *first = static_cast<char *>(pages);
	for (size_t i = 0; i < n; i++)
		*const_cast<volatile char *>(first + i * page_size()) = 1;
	return first;
}

} /* namespace device_test */
