// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// The command doctor: finds why perfbuf does not work here, and names the remedy.
#include <CLI/CLI.hpp>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <linux/capability.h>
#include <string>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "perfdata/kernel_maps.hpp"
#include "program/attr.hpp"
#include "program/command.hpp"
#include "program/commands.hpp"
#include "program/explain.hpp"
#include "program/find_module.hpp"
#include "program/open_files.hpp"
#include "program/rights.hpp"
#include "program/signing.hpp"
#include "program/sources.hpp"

namespace perfbuf::program
{

namespace
{

namespace fs = std::filesystem;

enum class verdict {
	ok,
	note,	 // works, but not everything
	problem, // recording does not work
};

class report
{
public:
	void line(verdict level, const std::string &text)
	{
		const char *word = level == verdict::ok	    ? "ok"
				   : level == verdict::note ? "note"
							    : "PROBLEM";
		fmt::print("{:<8} {}\n", word, text);
		failed_ |= level == verdict::problem;
	}
	// The continuation of the line before.
	void more(const std::string &text) { fmt::print("{:<8} {}\n", "", text); }
	bool failed() const noexcept { return failed_; }

private:
	bool failed_ = false;
};

// A kernel that loads signed modules only says no more than "Key was rejected by service".
void check_signature(report &to, const std::string &release, const fs::path &module)
{
	const auto advice = signing_advice(read_signing_state("/", release), module);
	for (size_t at = 0; at < advice.size(); at++) {
		if (at == 0)
			// A signed module may only wait for modprobe.
			to.line(advice.size() > 2 ? verdict::problem : verdict::note, advice[at]);
		else
			to.more(advice[at]);
	}
}

void check_module(report &to)
{
	std::error_code ignored;
	utsname system{};
	::uname(&system);
	if (fs::exists("/sys/module/perfbuf", ignored)) {
		const std::string version = first_line("/sys/module/perfbuf/version");
		to.line(verdict::ok, fmt::format("module: loaded{}{}",
						 version.empty() ? "" : ", version ", version));
		return;
	}
	const auto found = find_module(fs::path("/lib/modules") / system.release);
	if (!found)
		to.line(verdict::problem, fmt::format("module: not loaded, and not installed for "
						      "this kernel, {}: build and install it for "
						      "that one, then modprobe perfbuf",
						      system.release));
	else if (!found->built_for.empty() && found->built_for != system.release)
		to.line(verdict::problem,
			fmt::format("module: {} was built for {}, this kernel is {}: build it anew",
				    found->path.string(), found->built_for, system.release));
	else
		to.line(verdict::problem, "module: installed but not loaded: run modprobe perfbuf");
	check_signature(to, system.release, found ? found->path : fs::path("perfbuf.ko"));
}

void check_devices(report &to)
{
	const auto sources = read_sources();
	if (sources.empty())
		to.line(verdict::problem, "devices: none in /dev/perfbuf: load the module; if it "
					  "is loaded, see whether udev or "
					  "devtmpfs runs");
	for (const auto &source : sources) {
		const std::string path = "/dev/perfbuf/" + source.name;
		if (::access(path.c_str(), R_OK | W_OK) == 0)
			to.line(verdict::ok, "device: " + path);
		else
			to.line(verdict::problem,
				fmt::format(
					"device: {}: {}: run as root or as the group that owns it",
					path, std::strerror(errno)));
	}
}

void check_rights(report &to)
{
	if (may_trace())
		to.line(verdict::ok, "rights: every process and the kernel (CAP_PERFMON)");
	else
		to.line(verdict::note,
			"rights: typed events of drivers whose nodes you may open, "
			"without addresses: for more, run as root or with CAP_PERFMON");
}

void check_lockdown(report &to)
{
	const std::string lockdown = first_line("/sys/kernel/security/lockdown");
	if (lockdown.find("[confidentiality]") != std::string::npos)
		to.line(verdict::note, "lockdown: confidentiality: no kernel addresses and no user "
				       "stacks: boot without it for "
				       "those");
	else
		to.line(verdict::ok, "lockdown: " + (lockdown.empty() ? "none" : lockdown));
}

void check_memory(report &to, uint64_t capabilities)
{
	// The module's allowance, or perf's where it is not loaded; what is beyond counts against
	// the limit.
	std::string allowance = first_line("/sys/module/perfbuf/parameters/mlock_kb");
	if (allowance.empty())
		allowance = first_line("/proc/sys/kernel/perf_event_mlock_kb");
	rlimit locked{};
	::getrlimit(RLIMIT_MEMLOCK, &locked);
	if (has_capability(capabilities, CAP_IPC_LOCK) || locked.rlim_cur == RLIM_INFINITY)
		to.line(verdict::ok, "memory for rings: no limit");
	else
		to.line(verdict::ok,
			fmt::format("memory for rings: {} kB per CPU and {} kB of RLIMIT_MEMLOCK: "
				    "for more, raise "
				    "ulimit -l",
				    allowance.empty() ? "0" : allowance, locked.rlim_cur / 1024));
}

void check_symbols(report &to)
{
	if (perfdata::read_kernel_map())
		to.line(verdict::ok, "kernel symbols: shown");
	else
		to.line(verdict::note,
			"kernel symbols: hidden: set kernel.kptr_restrict to 0, or run as root");
}

void check_perf(report &to)
{
	const char *path = std::getenv("PATH");
	for (const std::string all = path ? path : ""; const auto &directory : split(all, ':')) {
		const std::string candidate = directory + "/perf";
		if (::access(candidate.c_str(), X_OK) == 0) {
			to.line(verdict::ok, "perf: " + candidate);
			return;
		}
	}
	to.line(verdict::note,
		"perf: not found: install it to read recordings (Debian: linux-perf)");
}

// Tries the whole: opens a file, configures it as record or trace does, and maps its ring.
void try_to_open(report &to, const std::string &user, std::string_view source, verdict if_not,
		 const opener &open)
{
	record_options options;
	options.command = {"true"};
	options.may_trace = may_trace();
	if (source == trace_source) {
		options.pages = 16;
		options.side_band = false;
	}
	const std::vector<chosen_event> events{{std::string(source), {}, {}}};
	auto attrs = make_attrs(options, events);
	perf_event_attr &attr = attrs.front();
	attr.enable_on_exec = 0;
	try {
		open_all(options, events, attrs, {::getpid()}, open);
		to.line(verdict::ok, user + ": a file and a ring on each CPU could be opened");
	} catch (const failure &why) {
		to.line(if_not, user + ": " + why.what());
	}
}

} // namespace

command add_doctor(CLI::App &program)
{
	return {program.add_subcommand(
			"doctor",
			"Check whether recording would work here, and say what to do if not"),
		[](const call &from) { return doctor(from.open); }};
}

int doctor(const opener &open)
{
	report to;
	const uint64_t capabilities = effective_capabilities();
	check_module(to);
	check_devices(to);
	check_rights(to);
	check_lockdown(to);
	check_memory(to, capabilities);
	check_symbols(to);
	check_perf(to);
	try_to_open(to, "recording", "clock", verdict::problem, open);
	try_to_open(to, "function traces", trace_source, verdict::note, open);
	return to.failed() ? exit_failed : 0;
}

} // namespace perfbuf::program
