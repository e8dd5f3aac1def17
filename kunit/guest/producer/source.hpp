/* SPDX-License-Identifier: GPL-2.0 */
/* The test source (kunit/kernel/producer), and its readers. */
#pragma once

#include <string>

#include <gtest/gtest.h>

#include "support/event.hpp"
#include "support/mapping.hpp"
#include "support/process.hpp"
#include "support/record.hpp"

namespace device_test
{

inline constexpr const char *testdev_path = "/dev/perfbuf/testdev";
inline constexpr const char *testdev_class = "/sys/class/perfbuf/testdev";

/* 0 or an errno. */
int load_source();
int unload_source();
/* The command's result: 0 or an errno. */
int command(const std::string &text);
unsigned long source_parameter(const std::string &name, unsigned index = 0);

/* /sys/class/perfbuf/testdev/<name>, without its newline. */
std::string attribute(const std::string &name);
uint64_t event_id_of(const std::string &event);

/* Off; every occurrence is a sample, with RAW and the common sample fields. */
perf_event_attr typed_attr(const std::string &event,
			   uint64_t fields = PERF_SAMPLE_RAW | PERF_SAMPLE_TID | PERF_SAMPLE_CPU |
					     PERF_SAMPLE_TIME);

/* A file of the source; throws on an error. */
unique_fd open_source();
int configure_error(const perf_event_attr &attr, const target &observed);

/* A reader of an event on one CPU (or a task), with its ring, enabled. */
struct event_reader {
	explicit event_reader(const perf_event_attr &attr,
			      const target &observed = target::every_process(0),
			      size_t data_pages = 16, unsigned storage = 0);
	std::vector<sample> samples();

	perf_event_attr attr;
	unique_fd fd;
	ring buffer;
	std::vector<record> records;
};

/* The payload of a sample. */
class payload
{
public:
	explicit payload(const sample &of) : bytes_(of.raw.value()) {}

	template <typename T>
	T at(size_t offset) const
	{
		T value;
		if (offset + sizeof(T) > bytes_.size())
			throw std::runtime_error("a payload that ends early");
		memcpy(&value, &bytes_[offset], sizeof(value));
		return value;
	}
	/* The text of the __data_loc at @offset. */
	std::string dynamic(size_t offset) const
	{
		const auto where = at<uint32_t>(offset);
		if ((where & 0xffff) + (where >> 16) > bytes_.size())
			throw std::runtime_error("a field that leaves the payload");
		return std::string(reinterpret_cast<const char *>(&bytes_[where & 0xffff]),
				   where >> 16);
	}
	size_t size() const { return bytes_.size(); }

private:
	std::vector<uint8_t> bytes_;
};

/* Loads the source, on CPU 0, and unloads it. */
class source_test : public testing::Test
{
protected:
	source_test();
	~source_test() override;
};

} /* namespace device_test */
