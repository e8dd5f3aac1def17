// SPDX-License-Identifier: GPL-2.0
/* Loads the test source, sends it commands, and reads its attributes. */
#include "producer/source.hpp"

#include <sstream>

#include <linux/perfbuf.h>
#include <sys/ioctl.h>

#include "support/module.hpp"

namespace device_test
{

namespace
{

const std::string parameters = "/sys/module/perfbuf_test_source/parameters/";

} /* namespace */

int load_source()
{
	return load_module("/root/perfbuf_test_source.ko");
}

int unload_source()
{
	return unload_module("perfbuf_test_source");
}

int command(const std::string &text)
{
	return write_file(parameters + "command", text);
}

unsigned long source_parameter(const std::string &name, unsigned index)
{
	std::istringstream values(read_file(parameters + name));
	std::string word;
	for (unsigned i = 0; i <= index; i++)
		std::getline(values, word, ',');
	return std::stoul(word);
}

std::string attribute(const std::string &name)
{
	std::string text = read_file(std::string(testdev_class) + "/" + name);
	while (!text.empty() && (text.back() == '\n' || text.back() == ' '))
		text.pop_back();
	return text;
}

uint64_t event_id_of(const std::string &event)
{
	return std::stoull(attribute("events/" + event + "/id"));
}

perf_event_attr typed_attr(const std::string &event, uint64_t fields)
{
	perf_event_attr attr = {};
	attr.type = PERF_TYPE_TRACEPOINT;
	attr.size = sizeof(attr);
	attr.config = event_id_of(event);
	attr.sample_period = 1;
	attr.sample_type = fields;
	attr.disabled = 1;
	return attr;
}

unique_fd open_source()
{
	unique_fd fd(open(testdev_path, O_RDWR | O_CLOEXEC));
	if (!fd.valid())
		fail_errno(testdev_path, errno);
	return fd;
}

int configure_error(const perf_event_attr &attr, const target &observed)
{
	unique_fd fd = open_source();
	return configure(fd.get(), &attr, observed);
}

static unique_fd listening(const perf_event_attr &attr, const target &observed, unsigned storage)
{
	unique_fd fd = open_source();
	if (int error = configure(fd.get(), &attr, observed))
		fail_errno("configuring a file of testdev", error);
	perfbuf_ring wanted = {.size = sizeof(wanted), .storage = storage};
	control(fd.get(), PERFBUF_IOC_RING, reinterpret_cast<unsigned long>(&wanted));
	return fd;
}

event_reader::event_reader(const perf_event_attr &wanted, const target &observed, size_t data_pages,
			   unsigned storage)
	: attr(wanted), fd(listening(wanted, observed, storage)), buffer(fd.get(), data_pages)
{
	enable(fd.get());
}

std::vector<sample> event_reader::samples()
{
	buffer.drain(records);
	return samples_in(records, attr);
}

source_test::source_test()
{
	pin_to(0);
	if (int error = load_source())
		fail_errno("loading perfbuf_test_source.ko", error);
}

source_test::~source_test()
{
	EXPECT_EQ(unload_source(), 0);
}

} /* namespace device_test */
