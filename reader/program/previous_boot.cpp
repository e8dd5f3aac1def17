// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Reads the memory of perfbuf.persist= as the boot before left it.
#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <system_error>

#include "program/cli_recorder.hpp"
#include "program/failure.hpp"
#include "program/recorder_node.hpp"
#include "program/recorder_output.hpp"
#include "program/say.hpp"
#include "recorder/persisted.hpp"

namespace perfbuf::program
{

namespace
{

[[noreturn]] void explain(int error)
{
	switch (error) {
	case ENXIO:
		throw failure(exit_failed,
			      "no memory keeps recorders over a reboot: load the module with "
			      "persist=SIZE@ADDRESS (see docs/recorder.md)");
	case ENODATA:
		throw failure(exit_failed,
			      "the boot before left nothing: it did not use the memory of "
			      "persist=, the module was removed, or the machine was without "
			      "power");
	case EBADMSG:
		throw failure(exit_failed, "what the memory of persist= held is not perfbuf's: was "
					   "the machine without "
					   "power, or does anything else use this memory?");
	case ENOTTY:
		throw failure(exit_failed,
			      "this perfbuf.ko is older than the program, and keeps nothing "
			      "over a reboot");
	case EPERM:
		throw failure(exit_failed,
			      "the kernel is locked down for confidentiality: no recorder can "
			      "be read");
	}
	throw failure(exit_failed,
		      fmt::format("{}: {}", recorder_node, std::generic_category().message(error)));
}

recorder::found_recorders read_previous_boot()
{
	const reader::unique_fd fd = open_recorder_node();
	perfbuf_previous_boot wanted{};
	if (::ioctl(fd.get(), PERFBUF_IOC_PREVIOUS_BOOT, &wanted) && errno != ENOSPC)
		explain(errno);
	std::vector<std::byte> image(wanted.bytes);
	wanted.buffer = reinterpret_cast<uintptr_t>(image.data());
	if (::ioctl(fd.get(), PERFBUF_IOC_PREVIOUS_BOOT, &wanted))
		explain(errno);
	auto found = recorder::parse_persisted(std::move(image), wanted.address);
	if (!found)
		throw plain_failure(found.error());
	return std::move(*found);
}

// "mydev" is each of mydev's, "mydev#3" one, "" all.
bool is_wanted(const std::string &wanted, const recorder::description &of)
{
	return wanted.empty() || wanted == of.source ||
	       wanted == fmt::format("{}#{}", of.source, of.number);
}

} // namespace

int dump_previous_boot(const dump_options &options)
{
	auto found = read_previous_boot();
	for (const auto &why : found.refused)
		say("perfbuf: a recorder cannot be read, {}\n", why);
	std::erase_if(found.recorders,
		      [&](const auto &each) { return !is_wanted(options.recorder, each.of); });
	if (found.recorders.empty())
		throw failure(
			exit_failed,
			options.recorder.empty()
				? fmt::format("no driver had a recorder in the boot before{}",
					      found.refused.empty() ? "" : " that can be read")
				: fmt::format("{} had no recorder in the boot before",
					      options.recorder));
	recorder::omissions left_out;
	std::vector<recorder_events> events;
	for (const auto &each : found.recorders)
		events.push_back({&each, recorder::events_of(each.rings, each.of,
							     recorder::moment::stopped, left_out)});
	write_events(events, options.output, options.arguments);
	say("[ perfbuf: {} of {} recorder{} of the boot before ]\n", summary(events, left_out),
	    found.recorders.size(), found.recorders.size() == 1 ? "" : "s");
	return 0;
}

} // namespace perfbuf::program
