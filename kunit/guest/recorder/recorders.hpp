/* SPDX-License-Identifier: GPL-2.0 */
/* The flight recorders of kunit/guest/recorder's driver, and what its events are to be. */
#pragma once

#include <fcntl.h>
#include <map>
#include <sstream>
#include <sys/ioctl.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "recorder/snapshot.hpp"
#include "support/event.hpp"
#include "support/module.hpp"
#include "support/process.hpp"

namespace recorder_test
{

namespace recorder = perfbuf::recorder;
using device_test::load_module;
using device_test::read_file;
using device_test::unique_fd;
using device_test::unload_module;
using device_test::write_file;

inline constexpr const char *node = "/dev/perfbuf_recorders";
inline constexpr const char *recorder_attribute = "/sys/class/perfbuf/recdev/recorder";

inline int load(const std::string &parameters = "")
{
	return load_module("/root/perfbuf_test_recorder.ko", parameters);
}

inline int unload()
{
	return unload_module("perfbuf_test_recorder");
}

inline int command(const std::string &text)
{
	return write_file("/sys/module/perfbuf_test_recorder/parameters/command", text);
}

struct line {
	uint64_t number = 0;
	std::string source, state;
	uint64_t bytes_per_cpu = 0;
};

inline std::vector<line> recorders()
{
	std::vector<line> all;
	std::istringstream text(read_file(node));
	for (std::string row; std::getline(text, row);) {
		line made;
		std::istringstream words(row);
		for (std::string word; words >> word;) {
			const std::string value = word.substr(word.find('=') + 1);
			if (word.starts_with("number="))
				made.number = std::stoull(value);
			if (word.starts_with("source="))
				made.source = value;
			if (word.starts_with("state="))
				made.state = value;
			if (word.starts_with("bytes_per_cpu="))
				made.bytes_per_cpu = std::stoull(value);
		}
		all.push_back(made);
	}
	return all;
}

/* The one of recdev in @state; 0: there is none. */
inline uint64_t number_in(const std::string &state)
{
	for (const auto &each : recorders())
		if (each.source == "recdev" && each.state == state)
			return each.number;
	return 0;
}

class snapshots
{
public:
	snapshots() : fd_(open(node, O_RDONLY | O_CLOEXEC)) {}

	int fd() const { return fd_.get(); }

	/* 0 or an errno; what it takes is left in bytes(). */
	int take(uint64_t number)
	{
		perfbuf_snapshot wanted = {number, reinterpret_cast<uintptr_t>(memory_.data()),
					   memory_.size()};
		const int error = ioctl(fd(), PERFBUF_IOC_SNAPSHOT, &wanted) ? errno : 0;
		bytes_ = wanted.bytes;
		return error;
	}
	/* Into as much memory as it takes. */
	recorder::contents must_take(uint64_t number)
	{
		if (int error = take(number); error == ENOSPC) {
			memory_.resize(bytes_);
			error = take(number);
			if (error)
				throw std::runtime_error("no snapshot: " + std::to_string(error));
		}
		auto made = recorder::parse_snapshot(std::span(memory_).first(bytes_));
		if (!made)
			throw std::runtime_error(made.error().text);
		return std::move(*made);
	}
	uint64_t bytes() const { return bytes_; }

private:
	unique_fd fd_;
	std::vector<std::byte> memory_;
	uint64_t bytes_ = 0;
};

struct step {
	uint64_t number, check;
	uint8_t context;
} __attribute__((packed));

inline step step_of(const recorder::recorded_event &of)
{
	step made;
	memcpy(&made, of.payload.data() + 8, sizeof(made));
	return made;
}

inline uint64_t check_of(const step &of, unsigned cpu)
{
	return (of.number * 0x9e3779b97f4a7c15ULL) ^ (cpu << 8) ^ of.context;
}

/* Of each CPU and context the numbers go up by one, and each event is what the driver has emitted.
 */
inline void expect_whole(const std::vector<recorder::recorded_event> &events)
{
	std::map<std::pair<uint32_t, uint8_t>, uint64_t> last;
	uint64_t time = 0;
	for (const auto &each : events) {
		const step now = step_of(each);
		ASSERT_LE(time, each.time) << "in the order of time";
		time = each.time;
		ASSERT_EQ(now.check, check_of(now, each.cpu)) << "torn: number " << now.number;
		ASSERT_EQ(each.event->format.name, now.number & 1 ? "sized" : "step");
		const auto [at, is_new] = last.try_emplace({each.cpu, now.context}, now.number);
		if (!is_new) {
			ASSERT_EQ(now.number, at->second + 1)
				<< "cpu " << each.cpu << " context " << unsigned{now.context};
			at->second = now.number;
		}
	}
}

inline std::vector<recorder::recorded_event> whole_events(const recorder::contents &of,
							  recorder::omissions &left_out)
{
	auto events = recorder::events_of(of.rings, of.of, recorder::moment::live, left_out);
	EXPECT_EQ(left_out.damaged, 0u);
	EXPECT_EQ(left_out.lost, 0u);
	expect_whole(events);
	return events;
}

class flight_recorder : public testing::Test
{
protected:
	~flight_recorder() override
	{
		unload();
		forget_kept();
	}

	void forget_kept()
	{
		for (const auto &each : recorders()) {
			uint64_t number = each.number;
			EXPECT_EQ(ioctl(reader.fd(), PERFBUF_IOC_FREE_RECORDER, &number), 0);
		}
	}

	snapshots reader;
};

} /* namespace recorder_test */
