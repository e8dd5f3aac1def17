/* SPDX-License-Identifier: GPL-2.0 */
/* A parameter of the module, as it was when the object goes. */
#pragma once

#include <string>

#include "support/event.hpp"
#include "support/process.hpp"

namespace device_test
{

class parameter
{
public:
	parameter(const std::string &name, const std::string &value)
		: path_("/sys/module/perfbuf/parameters/" + name), old_(read_file(path_))
	{
		if (const int error = write_file(path_, value))
			fail_errno(path_, error);
	}
	~parameter() { write_file(path_, old_); }
	parameter(const parameter &) = delete;
	parameter &operator=(const parameter &) = delete;

private:
	std::string path_;
	std::string old_;
};

} /* namespace device_test */
