// SPDX-License-Identifier: GPL-2.0
/*
 * Opens perf's cpu-clock and ours with the same attr, one after the other, has clock_bench.ko call
 * their timers' functions, and checks that each call wrote one sample.
 */
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <linux/perf_event.h>
#include <linux/perfbuf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace
{

constexpr unsigned calls = 200;
constexpr size_t page = 4096;
constexpr size_t data_bytes = 256 * page;

struct side {
	const char *name;
	const char *timer_function;
	int (*open)(perf_event_attr *attr);
};

int open_perf(perf_event_attr *attr)
{
	return static_cast<int>(syscall(SYS_perf_event_open, attr, -1, 0, -1, 0));
}

int open_perfbuf(perf_event_attr *attr)
{
	const int fd = open("/dev/perfbuf/clock", O_RDWR);
	perfbuf_open wanted = {reinterpret_cast<uint64_t>(attr), -1, 0, 0};

	if (fd >= 0 && ioctl(fd, PERFBUF_IOC_OPEN, &wanted))
		return -1;
	return fd;
}

const side sides[] = {
	{"perf", "perf_swevent_hrtimer", open_perf},
	{"perfbuf", "timer_fire", open_perfbuf},
};

struct figures {
	unsigned fewest, median, most;
	uint64_t sample_bytes;
};

[[noreturn]] void fail(const char *message)
{
	perror(message);
	exit(1);
}

figures measure(const side &of, perf_event_attr attr)
{
	const int fd = of.open(&attr);

	if (fd < 0)
		fail(of.name);

	void *map = mmap(nullptr, page + data_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (map == MAP_FAILED)
		fail("mmap");
	ioctl(fd, PERF_EVENT_IOC_ENABLE, 0);

	const int bench = open("/proc/clock_bench", O_RDWR);
	char text[128] = {};
	int found;
	figures result;

	snprintf(text, sizeof(text), "%s %u", of.timer_function, calls);
	if (bench < 0 || write(bench, text, strlen(text)) < 0)
		fail("clock_bench");
	memset(text, 0, sizeof(text));
	if (read(bench, text, sizeof(text) - 1) < 0 ||
	    sscanf(text, "%d %u %u %u", &found, &result.fewest, &result.median, &result.most) != 4)
		fail("clock_bench");
	ioctl(fd, PERF_EVENT_IOC_DISABLE, 0);

	const char *data = static_cast<char *>(map) + page;
	const uint64_t head = static_cast<perf_event_mmap_page *>(map)->data_head;
	unsigned samples = 0;

	for (uint64_t at = 0; at < head;) {
		const auto *header = reinterpret_cast<const perf_event_header *>(data + at);

		samples += header->type == PERF_RECORD_SAMPLE;
		result.sample_bytes = header->size;
		at += header->size;
	}
	if (found != 1 || samples != calls) {
		fprintf(stderr, "%s: %d timers, %u samples of %u\n", of.name, found, samples,
			calls);
		exit(1);
	}
	munmap(map, page + data_bytes);
	close(bench);
	close(fd);
	return result;
}

struct row {
	const char *name;
	uint64_t sample_type;
	uint64_t regs;
};

constexpr uint64_t ip_tid_time = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME;

const row rows[] = {
	{"IP TID TIME", ip_tid_time, 0},
	{"IP TID TIME CPU PERIOD", ip_tid_time | PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD, 0},
	{"... IDENTIFIER ID ADDR",
	 ip_tid_time | PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD | PERF_SAMPLE_IDENTIFIER |
		 PERF_SAMPLE_ID | PERF_SAMPLE_ADDR,
	 0},
	{"... CPU PERIOD CALLCHAIN",
	 ip_tid_time | PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD | PERF_SAMPLE_CALLCHAIN, 0},
	{"... CPU PERIOD REGS_USER",
	 ip_tid_time | PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD | PERF_SAMPLE_REGS_USER, 0xff0fff},
};

} // namespace

int main()
{
	printf("%-26s %6s  %18s  %18s\n", "sample_type", "bytes", "perf", "perfbuf");
	for (const row &row : rows) {
		perf_event_attr attr = {};

		attr.size = sizeof(attr);
		attr.type = PERF_TYPE_SOFTWARE;
		attr.config = PERF_COUNT_SW_CPU_CLOCK;
		attr.sample_period = 10000000000;
		attr.sample_type = row.sample_type;
		attr.sample_regs_user = row.regs;
		attr.disabled = 1;

		printf("%-26s", row.name);
		for (const side &of : sides) {
			const figures found = measure(of, attr);

			if (&of == sides)
				printf(" %6llu",
				       static_cast<unsigned long long>(found.sample_bytes));
			printf("  %5u %5u %6u", found.fewest, found.median, found.most);
		}
		printf("\n");
	}
	return 0;
}
