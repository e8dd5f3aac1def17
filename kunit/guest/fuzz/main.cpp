// SPDX-License-Identifier: GPL-2.0
/*
 * perfbuf_fuzz [--seconds N] [--seed N]: the whole user-space interface at random, by two users
 * without rights, by root, and beside them a process that plugs a CPU, loads and removes sources
 * (also such as fail in their init) and changes the module's parameters.
 *
 * All of this in rounds. After each, when every process has died, perfbuf is removed and loaded
 * anew.
 *
 * It prints a table of operations and errnos, and fails if an operation gave an errno that it has
 * not, was never called, or does not come back; if a process died; if files are left after a round,
 * or perfbuf cannot be removed. What the kernel says of all that is for its own checkers. Each
 * thread's choices follow from the seed, the round and its number.
 */
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <map>
#include <string>
#include <thread>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz/world.hpp"
#include "support/event.hpp"
#include "support/module.hpp"
#include "support/process.hpp"
#include "support/user.hpp"

using namespace fuzz;

namespace
{

struct cast_member {
	const char *name;
	unsigned role;
	uid_t uid;
	unsigned threads;
	pid_t pid = 0;
	unsigned first = 0;
};

constexpr unsigned stuck_after = 150; /* s, on an emulated machine */
constexpr unsigned rounds = 4;

struct seed_of_round {
	uint64_t seed, round;
};

void run_process(const cast_member &self, const seed_of_round &from, tally &all, belongings &of)
{
	if (self.uid)
		device_test::become_user(self.uid);
	const rlimit files = {256, 256};
	setrlimit(RLIMIT_NOFILE, &files);
	catch_faults();
	std::vector<std::thread> threads;
	for (unsigned i = 0; i < self.threads; i++)
		threads.emplace_back([&, i] {
			std::seed_seq start{from.seed, from.round, uint64_t{self.first + i}};
			actor actor{std::mt19937_64(start), self.role, self.first + i, of};
			act(actor, &all, ~0ULL);
		});
	for (std::thread &thread : threads)
		thread.join();
}

/* A failure is said once for each kind. */
class report
{
public:
	void fail(const std::string &message)
	{
		printf("FAILED: %s\n", message.c_str());
		failed_++;
	}
	int status() const { return failed_ ? 1 : 0; }

private:
	unsigned failed_ = 0;
};

std::string errno_label(unsigned error)
{
	return error == errno_max - 1 ? "other" : device_test::errno_name(static_cast<int>(error));
}

void print_table(const tally &all, report &result)
{
	const std::vector<operation> &ops = operations();
	std::vector<unsigned> columns;
	for (unsigned error = 0; error < errno_max; error++)
		for (unsigned i = 0; i < ops.size(); i++)
			if (all.counts[i][error]) {
				columns.push_back(error);
				break;
			}
	printf("\n%-37s", "operation");
	for (unsigned error : columns)
		printf(" %*s", std::max(7, static_cast<int>(errno_label(error).size())),
		       errno_label(error).c_str());
	printf("\n");
	uint64_t sum = 0;
	for (unsigned i = 0; i < ops.size(); i++) {
		printf("%-37s", ops[i].name);
		uint64_t calls = 0;
		for (unsigned error : columns) {
			const uint64_t n = all.counts[i][error];
			const int width = std::max(7, static_cast<int>(errno_label(error).size()));
			n ? printf(" %*lu", width, n) : printf(" %*s", width, ".");
			calls += n;
		}
		printf("\n");
		sum += calls;
		if (!calls)
			result.fail(std::string("never called: ") + ops[i].name);
	}
	printf("\n%lu calls\n\nnever reached:", sum);
	for (unsigned i = 0; i < ops.size(); i++) {
		std::string missing;
		if (!all.counts[i][0])
			missing += " success";
		for (int error : ops[i].errnos)
			if (!all.counts[i][error])
				(missing += ' ') += device_test::errno_name(error);
		if (!missing.empty())
			printf("\n  %-37s%s", ops[i].name, missing.c_str());
	}
	printf("\n\n");
	for (unsigned i = 0; i < ops.size(); i++)
		for (unsigned error = 1; error < errno_max; error++)
			if (all.counts[i][error] &&
			    std::find(ops[i].errnos.begin(), ops[i].errnos.end(),
				      static_cast<int>(error)) == ops[i].errnos.end())
				result.fail(std::string(ops[i].name) + " gave " +
					    errno_label(error));
}

/* Until all have ended, or @until; false: a thread does not come on. */
bool watch(std::vector<cast_member> &cast, tally &all, time_t until, report &result)
{
	std::map<unsigned, std::pair<uint64_t, time_t>> progress;
	for (;;) {
		usleep(500'000);
		const time_t now = time(nullptr);
		if (now >= until)
			all.stop = true;
		bool alive = false;
		for (cast_member &member : cast) {
			int status;
			if (member.pid > 0 && waitpid(member.pid, &status, WNOHANG) == member.pid) {
				member.pid = 0;
				if (status)
					result.fail(std::string(member.name) + " died, status " +
						    std::to_string(status));
			}
			alive = alive || member.pid > 0;
			for (unsigned i = member.first;
			     member.pid > 0 && i < member.first + member.threads; i++) {
				auto &[done, since] = progress[i];
				if (done != all.done[i] || !since) {
					done = all.done[i];
					since = now;
				} else if (now - since > stuck_after && all.current[i]) {
					result.fail(std::string("does not come back: ") +
						    operations()[all.current[i] - 1].name);
					device_test::write_file("/proc/sysrq-trigger", "w");
					return false;
				}
			}
		}
		if (!alive)
			return true;
	}
}

void put_right()
{
	const std::pair<const char *, const char *> parameters[] = {
		{"user_events_max", "4096"},	{"user_rings_max", "4096"},
		{"total_pages_max", "1048576"}, {"user_percent", "25"},
		{"root_percent", "25"},		{"mlock_kb", "520"},
		{"ring_pages_max", "262144"},	{"aux_pages_max", "524288"},
		{"max_sample_rate", "100000"}};
	for (const auto &[name, value] : parameters)
		device_test::write_file(std::string("/sys/module/perfbuf/parameters/") + name,
					value);
	device_test::write_file("/sys/devices/system/cpu/cpu1/online", "1");
	device_test::write_file("/sys/kernel/tracing/events/sched/sched_switch/enable", "0");
	device_test::write_file("/sys/module/perfbuf_test_source/parameters/command", "stream 0");
}

/* The files that processes sent to one another go with the sockets. */
bool act_in_processes(std::vector<cast_member> &cast, tally &all, belongings &of,
		      const seed_of_round &from, unsigned seconds, report &result)
{
	int hub[2];
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, hub)) {
		result.fail("no sockets");
		return false;
	}
	all.stop = false;
	unsigned first = 0;
	for (cast_member &member : cast) {
		member.first = first;
		first += member.threads;
		fflush(stdout);
		member.pid = fork();
		if (!member.pid) {
			of.hub = hub[(&member - cast.data()) % 2];
			run_process(member, from, all, of);
			/* The kernel closes the rest. */
			_exit(0);
		}
	}
	const bool done = watch(cast, all, time(nullptr) + seconds, result);
	close(hub[0]);
	close(hub[1]);
	return done;
}

void remove_all(tally &all, report &result)
{
	put_right();
	if (!device_test::eventually([] {
		    return !system(
			    "cd /sys/class/perfbuf && test -z \"$(cat */files | grep -v '^0$')\"");
	    }))
		result.fail("files are left: /sys/class/perfbuf/*/files");
	const int error = remove_perfbuf();
	for (unsigned i = 0; i < operations().size(); i++)
		if (!strcmp(operations()[i].name, removal))
			all.counts[i][error]++;
	if (error)
		result.fail("perfbuf cannot be removed: " + device_test::errno_name(error));
}

} /* namespace */

int main(int argc, char **argv)
{
	unsigned seconds = 120;
	uint64_t seed = static_cast<uint64_t>(time(nullptr));
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--exit"))
			return 0;
		if (i + 1 < argc && !strcmp(argv[i], "--seconds")) {
			seconds = static_cast<unsigned>(atoi(argv[++i]));
		} else if (i + 1 < argc && !strcmp(argv[i], "--seed")) {
			seed = strtoull(argv[++i], nullptr, 0);
		} else {
			fprintf(stderr, "usage: %s [--seconds N] [--seed N]\n", argv[0]);
			return 2;
		}
	}
	setvbuf(stdout, nullptr, _IOLBF, 0);
	printf("seed %lu, %u s\n", seed, seconds);

	void *memory = mmap(nullptr, sizeof(tally), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return 2;
	tally &all = *new (memory) tally{};
	static belongings of;
	for (auto &file : of.files)
		file = -1;
	of.image = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (of.image < 0)
		return 2;

	if (!make_cgroups(of))
		return 2;

	report result;
	std::vector<cast_member> cast = {{"a user", user, 1001, 2},
					 {"another user", user, 1002, 2},
					 {"root", tracer, 0, 2},
					 {"the machine", machine, 0, 1}};
	device_test::load_module("/root/perfbuf_test_source.ko");
	chmod("/dev/perfbuf/inject", 0666);
	chmod("/dev/perfbuf/testdev", 0666);
	for (unsigned round = 0; round < rounds; round++) {
		if (!act_in_processes(cast, all, of, {seed, round}, (seconds + rounds - 1) / rounds,
				      result)) {
			/* Another operation might not return either. */
			print_table(all, result);
			printf("failed: seed %lu\n", seed);
			fflush(stdout);
			_exit(1);
		}
		remove_all(all, result);
	}
	print_table(all, result);
	const int unloaded = device_test::unload_module("perfbuf_test_source");
	if (unloaded && unloaded != ENOENT)
		result.fail("perfbuf_test_source is still used");
	printf("%s: seed %lu\n", result.status() ? "failed" : "passed", seed);
	return result.status();
}
