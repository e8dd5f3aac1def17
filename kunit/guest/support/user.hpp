/* SPDX-License-Identifier: GPL-2.0 */
/* Users without any right, and a node that they may open. */
#pragma once

#include <string>

#include <linux/perf_event.h>
#include <sys/types.h>

#include "support/event.hpp"

namespace device_test
{

/* A node of typed events. */
inline constexpr const char *open_node = "/dev/perfbuf/inject";
inline constexpr const char *open_node_class = "/sys/class/perfbuf/inject/";

/* While it lives, every user may open open_node. */
class node_for_everybody
{
public:
	node_for_everybody();
	~node_for_everybody();
	node_for_everybody(const node_for_everybody &) = delete;
	node_for_everybody &operator=(const node_for_everybody &) = delete;
};

/* For good, without capabilities; only ever in a child. */
void become_user(uid_t uid);

/* An attr of the node's event. */
perf_event_attr message_attr();
/* A file of it; throws on an error. */
unique_fd open_message(int flags = O_RDWR | O_CLOEXEC);
unique_fd message_event(const target &observed = target::every_process(0));

} /* namespace device_test */
