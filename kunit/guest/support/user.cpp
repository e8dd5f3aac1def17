// SPDX-License-Identifier: GPL-2.0
/* Becomes a user without rights, and opens that user's events. */
#include "support/user.hpp"

#include <cerrno>
#include <string>

#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/process.hpp"

namespace device_test
{

node_for_everybody::node_for_everybody()
{
	if (chmod(open_node, 0666))
		fail_errno(open_node, errno);
}

node_for_everybody::~node_for_everybody()
{
	chmod(open_node, 0600);
}

void become_user(uid_t uid)
{
	if (setgroups(0, nullptr) || setresgid(uid, uid, uid) || setresuid(uid, uid, uid))
		fail_errno("setresuid", errno);
}

perf_event_attr message_attr()
{
	perf_event_attr attr = {};
	attr.size = sizeof(attr);
	attr.type = PERF_TYPE_TRACEPOINT;
	attr.config = std::stoull(read_file(std::string(open_node_class) + "events/message/id"));
	attr.sample_period = 1;
	attr.sample_type = PERF_SAMPLE_RAW | PERF_SAMPLE_TID | PERF_SAMPLE_CPU | PERF_SAMPLE_TIME;
	attr.disabled = 1;
	return attr;
}

unique_fd open_message(int flags)
{
	unique_fd fd(open(open_node, flags));
	if (!fd.valid())
		fail_errno(open_node, errno);
	return fd;
}

unique_fd message_event(const target &observed)
{
	unique_fd fd = open_message();
	const perf_event_attr attr = message_attr();
	if (const int error = configure(fd.get(), &attr, observed))
		fail_errno("configuring a file of inject", error);
	return fd;
}

} /* namespace device_test */
