// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// main() of perfbuf: runs the command, and turns failures into a sentence and a status.
#include "program/cli.hpp"

int main(int argc, char **argv)
{
	return perfbuf::program::run(argc, argv, perfbuf::program::open_device);
}
