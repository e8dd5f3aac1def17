// SPDX-License-Identifier: GPL-2.0
/* Makes allocations of this task fail (fault injection). */
#include "support/fault.hpp"

#include <string>

#include <fcntl.h>
#include <unistd.h>

#include "support/process.hpp"

namespace device_test
{

namespace
{

constexpr const char *fail_nth = "/proc/thread-self/fail-nth";

} /* namespace */

bool can_inject()
{
	return !access("/sys/kernel/debug/failslab/ignore-gfp-wait", W_OK) &&
	       !access("/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait", W_OK);
}

void arm()
{
	for (const char *kind : {"failslab", "fail_page_alloc"})
		write_file(std::string("/sys/kernel/debug/") + kind + "/ignore-gfp-wait", "N");
	write_file("/sys/kernel/debug/fail_page_alloc/min-order", "0");
	for (const char *kind : {"failslab", "fail_page_alloc", "fail_usercopy"})
		write_file(std::string("/sys/kernel/debug/") + kind + "/verbose", "0");
}

void fail_only_what_cannot_wait()
{
	for (const char *kind : {"failslab", "fail_page_alloc"})
		write_file(std::string("/sys/kernel/debug/") + kind + "/ignore-gfp-wait", "Y");
}

allowance_used_up::allowance_used_up()
	: fd_(must_open(side::clock, clock_attr())), used_(fd_.get(), 1024)
{
	if (status_value("VmPin") <= 0)
		throw std::runtime_error("1025 pages fit into what a user may lock");
}

countdown::countdown() : fd_(::open(fail_nth, O_RDWR | O_CLOEXEC))
{
	if (!fd_.valid())
		fail_errno(fail_nth, errno);
}

countdown::~countdown()
{
	set(0);
}

void countdown::set(unsigned n) const
{
	const std::string text = std::to_string(n);
	/* Its own copy may be the one that fails. */
	while (pwrite(fd_.get(), text.data(), text.size(), 0) < 0)
		;
}

bool countdown::is_over() const
{
	char left;
	return pread(fd_.get(), &left, 1, 0) == 1 && left == '0';
}

} /* namespace device_test */
