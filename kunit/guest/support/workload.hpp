/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Work whose samples can be recognised: functions that are in sections of their
 * own, so that an address says which of them it is in.
 */
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>

#include <sys/types.h>

namespace device_test
{

/* spin_outer calls spin_middle calls spin_leaf, which loops until *stop. */
bool in_outer(uint64_t ip);
bool in_middle(uint64_t ip);
bool in_leaf(uint64_t ip);
/* Code of this program. */
bool in_program(uint64_t ip);
/* The upper half. */
inline bool in_kernel(uint64_t ip)
{
	return static_cast<int64_t>(ip) < 0;
}

/* Touches @n new pages, one page fault each. Returns where the first is; it stays mapped. */
char *fault(size_t n);

/* The words that spin_outer() puts on its stack, and their number. */
inline constexpr uint64_t sentinel = 0x5e471e15'0bada55e;
inline constexpr unsigned sentinel_words = 16;
/* How far a spinner is from the end of its stack, at least. */
inline constexpr unsigned deep_bytes = 12288;

void spin(const std::atomic<bool> &stop);

/* Executed with this argument alone, the test program is busy until it is killed. */
inline constexpr const char *spin_argument = "--spin";

enum class work { user, kernel };

/* A thread that is busy, on one processor or wherever (-1), while the object lives. */
class spinner
{
public:
	explicit spinner(int cpu = -1, work kind = work::user);
	~spinner();
	spinner(const spinner &) = delete;

	pid_t tid() const { return tid_; }
	/* An address within its stack. */
	uint64_t stack() const { return stack_; }
	void stop();

private:
	std::atomic<bool> stop_ = false;
	std::atomic<pid_t> tid_ = 0;
	std::atomic<uint64_t> stack_ = 0;
	std::thread thread_;
};

} /* namespace device_test */
