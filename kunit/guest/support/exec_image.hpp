/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A program made here, and the interpreter that it names (its ld.so): what is
 * mapped when it is executed is known in every detail. The interpreter sleeps
 * until it is killed.
 */
#pragma once

#include <string>

namespace device_test
{

struct exec_image {
	std::string program;
	std::string interpreter;
};

exec_image make_exec_image(const std::string &folder);

} /* namespace device_test */
