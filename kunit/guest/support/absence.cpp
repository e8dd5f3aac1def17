// SPDX-License-Identifier: GPL-2.0
/* Takes a CPU offline for a scope. */
#include "support/absence.hpp"

#include <string>

#include <gtest/gtest.h>

#include "support/event.hpp"
#include "support/process.hpp"

namespace device_test
{

namespace
{

int set_online(bool on)
{
	return write_file("/sys/devices/system/cpu/cpu" + std::to_string(absence::cpu) + "/online",
			  on ? "1" : "0");
}

} /* namespace */

absence::absence()
{
	if (int error = set_online(false))
		fail_errno("taking a processor away", error);
}

void absence::end()
{
	if (!over_ && set_online(true))
		ADD_FAILURE() << "the processor does not come back";
	over_ = true;
}

} /* namespace device_test */
