/* SPDX-License-Identifier: GPL-2.0 */
/* Kernel modules of the guest. */
#pragma once

#include <string>

namespace device_test
{

/* Loads a module's file, or unloads a module without users: 0 or an errno. */
int load_module(const std::string &path, const std::string &parameters = "");
int unload_module(const std::string &name);

} /* namespace device_test */
