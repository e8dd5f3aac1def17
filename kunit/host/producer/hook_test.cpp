// SPDX-License-Identifier: GPL-2.0
/* The choice among the kernel's hooks (module/device/hooks.cpp). */
#include "glue.hpp"

#include <gtest/gtest.h>

#include "device/hooks.hpp"
#include "glue/trim.h"

#include <cerrno>

using namespace perfbuf;
using perfbuf::host::now;

namespace
{

class hook_choice : public testing::Test
{
protected:
	~hook_choice() override
	{
		now.maps_error = 0;
		now.secure_probe_error = 0;
		perfbuf_trim_hooks();
		EXPECT_EQ(now.secure_hook, nullptr);
		EXPECT_EQ(now.hooks, 0);
	}

	static int take(hook wanted)
	{
		hook_set hooks;
		const cxxrt::result<void> taken = hooks.take(wanted);

		return taken ? 0 : static_cast<int>(taken.error().as_return());
	}
};

TEST_F(hook_choice, secure_execs_come_by_the_probe_where_the_kernel_has_it)
{
	EXPECT_EQ(take(hook::task_secure), 0);
	EXPECT_STREQ(now.secure_hook, "probe");
}

TEST_F(hook_choice, secure_execs_come_by_the_tracepoint_where_the_probe_is_refused)
{
	now.secure_probe_error = -ENOENT;
	EXPECT_EQ(take(hook::task_secure), 0);
	EXPECT_STREQ(now.secure_hook, "tracepoint");
	/* The next users come after the hook was removed, and choose anew. */
	perfbuf_trim_hooks();
	now.secure_probe_error = 0;
	EXPECT_EQ(take(hook::task_secure), 0);
	EXPECT_STREQ(now.secure_hook, "probe");
}

TEST_F(hook_choice, probe_without_memory_is_an_error_and_no_reason_for_another_hook)
{
	now.secure_probe_error = -ENOMEM;
	EXPECT_EQ(take(hook::task_secure), -ENOMEM);
	EXPECT_EQ(now.secure_hook, nullptr);
	now.maps_error = -ENOMEM;
	EXPECT_EQ(take(hook::memory_map), -ENOMEM);
}

TEST_F(hook_choice, mappings_whose_probe_the_kernel_refuses_are_not_supported)
{
	now.maps_error = -EINVAL;
	EXPECT_EQ(take(hook::memory_map), -EOPNOTSUPP);
}

} // namespace
