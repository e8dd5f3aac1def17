// SPDX-License-Identifier: GPL-2.0
/* Loads and removes modules. */
#include "support/module.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sys/syscall.h>

#include "support/event.hpp"

namespace device_test
{

int load_module(const std::string &path, const std::string &parameters)
{
	unique_fd module(open(path.c_str(), O_RDONLY | O_CLOEXEC));
	if (!module.valid())
		return errno;
	return syscall(SYS_finit_module, module.get(), parameters.c_str(), 0) ? errno : 0;
}

int unload_module(const std::string &name)
{
	return syscall(SYS_delete_module, name.c_str(), O_NONBLOCK) ? errno : 0;
}

} /* namespace device_test */
