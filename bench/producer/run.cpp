// SPDX-License-Identifier: GPL-2.0
/* For each row of the table: opens readers, makes perfbuf_producer_bench.ko emit, checks that the
 * records came, and prints the instructions for each. */
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <fcntl.h>
#include <linux/perf_event.h>
#include <linux/perfbuf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace
{

constexpr unsigned long records = 1000;
constexpr size_t pages = 64;
const std::string parameters = "/sys/module/perfbuf_producer_bench/parameters/";

[[noreturn]] void fail(const char *message)
{
	printf("%s: %s\n", message, strerror(errno));
	exit(1);
}

unsigned long number_in(const std::string &path)
{
	unsigned long value = 0;
	if (!(std::ifstream(path) >> value))
		fail(path.c_str());
	return value;
}

class reader
{
public:
	reader(unsigned long long fields, unsigned storage, const char *filter)
		: fd_(open("/dev/perfbuf/bench", O_RDWR))
	{
		perf_event_attr attr = {};
		attr.type = PERF_TYPE_TRACEPOINT;
		attr.size = sizeof(attr);
		attr.config = number_in("/sys/class/perfbuf/bench/events/bench_64/id");
		attr.sample_period = 1;
		attr.sample_type = fields;
		perfbuf_open wanted = {.attr = reinterpret_cast<unsigned long>(&attr),
				       .pid = -1,
				       .cpu = 0,
				       .flags = 0};
		perfbuf_ring ring = {.size = sizeof(ring),
				     .storage = storage,
				     .flags = 0,
				     .reserved = 0,
				     .wakeup_latency = 0};
		if (fd_ < 0 || ioctl(fd_, PERFBUF_IOC_OPEN, &wanted) ||
		    ioctl(fd_, PERFBUF_IOC_RING, &ring) ||
		    (filter && ioctl(fd_, PERF_EVENT_IOC_SET_FILTER, filter)))
			fail("opening a reader");
		page_ = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
		if (page_ == MAP_FAILED)
			fail("mmap");
	}
	reader(const reader &) = delete;
	~reader()
	{
		munmap(page_, bytes);
		close(fd_);
	}

private:
	static constexpr size_t bytes = (1 + pages) * 4096;
	int fd_;
	void *page_;
};

} /* namespace */

int main()
{
	constexpr unsigned long long raw = PERF_SAMPLE_RAW;
	constexpr unsigned long long time_tid_cpu_id =
		raw | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | PERF_SAMPLE_IDENTIFIER;
	const struct {
		const char *name;
		unsigned readers;
		unsigned long long fields;
		unsigned storage;
		const char *filter;
	} rows[] = {
		{"no reader", 0, raw, 0, nullptr},
		{"RAW alone", 1, raw, PERFBUF_STORAGE_PAGES, nullptr},
		{"RAW alone, a mirrored ring", 1, raw, PERFBUF_STORAGE_MIRRORED, nullptr},
		{"2 readers", 2, raw, PERFBUF_STORAGE_PAGES, nullptr},
		{"3 readers", 3, raw, PERFBUF_STORAGE_PAGES, nullptr},
		{"RAW, TID, TIME, CPU, IDENTIFIER", 1, time_tid_cpu_id, PERFBUF_STORAGE_PAGES,
		 nullptr},
		{"RAW alone, a filter that matches", 1, raw, PERFBUF_STORAGE_PAGES, "b == 2"},
		{"RAW alone, a filter that drops", 1, raw, PERFBUF_STORAGE_PAGES, "b == 3"},
	};
	bool wrong = false;

	for (const auto &row : rows) {
		std::vector<reader *> readers;
		for (unsigned i = 0; i < row.readers; i++)
			readers.push_back(new reader(row.fields, row.storage, row.filter));
		const unsigned long before = number_in("/sys/class/perfbuf/bench/records");
		std::ofstream(parameters + "run") << records << std::flush;
		const unsigned long written =
			number_in("/sys/class/perfbuf/bench/records") - before;
		const bool dropped = row.filter && !strcmp(row.filter, "b == 3");
		if (written != (dropped ? 0 : records * row.readers)) {
			wrong = true;
			printf("%lu records came of %s\n", written, row.name);
		}
		printf("%-36s %6.1f instructions, the loop %.1f\n", row.name,
		       static_cast<double>(number_in(parameters + "ticks")) / records,
		       static_cast<double>(number_in(parameters + "loop_ticks")) / records);
		for (reader *reader : readers)
			delete reader;
		/* The rings are freed after a grace period, which would be counted in the next row.
		 */
		usleep(100000);
	}
	return wrong;
}
