// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Reads the maps of the kernel, and writes the records for all that was mapped before a recording.
#include "program/kernel_facts.hpp"

#include "perfdata/processes.hpp"
#include "perfdata/synthesize.hpp"
#include "program/say.hpp"

namespace perfbuf::program
{

kernel_facts read_kernel(const record_options &options)
{
	kernel_facts facts{perfdata::read_kernel_map(), perfdata::read_module_maps()};
	if (!facts.kernel && !options.exclude_kernel && options.may_trace)
		say("perfbuf: the kernel hides its addresses, so its functions will "
		    "have no names: set "
		    "kernel.kptr_restrict to 0 or run as root\n");
	return facts;
}

perfdata::bytes synthesize(const record_options &options, const kernel_facts &facts, pid_t child,
			   size_t identity_size)
{
	perfdata::bytes records;
	perfdata::synthesizer to(records, identity_size);
	if (facts.kernel)
		to.kernel(*facts.kernel);
	for (const auto &module : facts.modules)
		to.kernel(module);

	const auto which =
		options.chains == call_graph::dwarf ? perfdata::maps::all : perfdata::maps::code;
	if (options.all_cpus) {
		for (const auto &process : perfdata::read_processes(which))
			to.process(process);
		return records;
	}
	std::vector<pid_t> pids = options.pids;
	if (pids.empty())
		pids.push_back(child);
	for (const pid_t pid : pids)
		if (const auto process = perfdata::read_process(static_cast<uint32_t>(pid), which))
			to.process(*process);
	return records;
}

} // namespace perfbuf::program
