// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Declares the options of dump and recover.
#include "program/cli_recorder.hpp"

#include <CLI/CLI.hpp>
#include <memory>

#include "program/command.hpp"

namespace perfbuf::program
{

namespace
{

constexpr const char *dump_about =
	R"(Show what a flight recorder holds, while its driver goes on.

  perfbuf dump                        the recorders that there are
  perfbuf dump mydev                  the last events of mydev, in order of time
  perfbuf dump mydev -o perf.data     the same for perf script
  perfbuf dump 'mydev#3' --keep       those of a recorder that was kept, by its number
  perfbuf dump --previous-boot        what all of them held when the machine was restarted
  perfbuf dump mydev --pid 1234       what rings of process 1234 hold that mydev writes to

What is overwritten while it is read is left out, and the line at the end says so. The recorder
of a driver that has gone is freed once it was shown. It takes root or CAP_PERFMON.

With --pid, rings in overwrite mode that a process has mapped are shown, of SOURCE or of all
sources, in the form of perfbuf script. The process does not notice it. It takes the right to
attach a debugger to it.

What the boot before left is there if the module has memory that survives a warm reboot, by its
parameter persist=SIZE@ADDRESS and memmap=SIZE$ADDRESS on the kernel's command line. It stays until
the module is removed.)";

constexpr const char *recover_about =
	R"(Find flight recorders in the memory of a machine that has crashed.

  perfbuf recover vmcore                  their last events, in order of time
  perfbuf recover vmcore -o perf.data     the same for perf script

FILE is an ELF core (/proc/vmcore, QEMU's dump-guest-memory), a compressed dump (makedumpfile -c,
-l, -F; dump-guest-memory -z), raw memory from address 0 on, or a snapshot of a recorder. No
symbols are needed. What is damaged, or was being written, is left out and counted.)";

} // namespace

command add_dump(CLI::App &program)
{
	auto *app = program.add_subcommand("dump", dump_about);
	auto options = std::make_shared<dump_options>();
	app->add_option("RECORDER", options->recorder, "SOURCE, or SOURCE#NUMBER");
	app->add_option("-o,--output", options->output, "a perf.data, in place of text")
		->type_name("FILE");
	app->add_flag("--keep", options->keep,
		      "do not free the recorder of a driver that has gone");
	app->add_flag("--previous-boot", options->previous_boot,
		      "what the recorders of the boot before held at its end");
	app->add_option("-p,--pid", options->pid, "the rings of this process, not the recorders")
		->type_name("PID");
	return {app, [options](const call &of) {
			options->arguments = of.all;
			return dump(*options);
		}};
}

command add_recover(CLI::App &program)
{
	auto *app = program.add_subcommand("recover", recover_about);
	auto options = std::make_shared<recover_options>();
	app->add_option("FILE", options->input, "the dump")->required();
	app->add_option("-o,--output", options->output, "a perf.data, in place of text")
		->type_name("FILE");
	return {app, [options](const call &of) {
			options->arguments = of.all;
			return recover(*options);
		}};
}

} // namespace perfbuf::program
