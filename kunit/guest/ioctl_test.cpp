// SPDX-License-Identifier: GPL-2.0
/* Every request of perf_event_open(2), in every state of the file. */
#include <memory>
#include <tuple>

#include <fcntl.h>
#include <sys/ioctl.h>

#include "support/expect.hpp"
#include "support/mapping.hpp"
#include "support/process.hpp"

using namespace device_test;

namespace
{

/* An event in some state, and what keeps it there. */
struct subject {
	unique_fd fd;
	std::unique_ptr<mapping> map;
	std::unique_ptr<child> process;
};

struct state_row {
	const char *name;
	subject (*make)(side);
};

struct request_row {
	const char *name;
	int (*call)(int fd);
	/* Only what is the same in every state. */
	answers perf = {};
	answers own = {};
};

subject unmapped(side s, const perf_event_attr &attr)
{
	return {must_open(s, attr), nullptr, nullptr};
}

subject mapped(side s, const perf_event_attr &attr, size_t pages = 8,
	       int prot = PROT_READ | PROT_WRITE, const target &observed = {})
{
	subject out{must_open(s, attr, observed), nullptr, nullptr};
	out.map = std::make_unique<mapping>(out.fd.get(), pages, prot);
	return out;
}

subject of_an_ended_process(side s)
{
	gate go;
	auto process = std::make_unique<child>([&] {
		go.wait();
		return 0;
	});
	subject out =
		mapped(s, clock_attr(), 8, PROT_READ | PROT_WRITE, target::thread(process->pid()));
	go.open();
	process->wait();
	return out;
}

perf_event_attr with(void (*change)(perf_event_attr &))
{
	perf_event_attr attr = clock_attr();
	change(attr);
	return attr;
}

const state_row states[] = {
	{"disabled", [](side s) { return unmapped(s, clock_attr()); }},
	{"enabled", [](side s) { return unmapped(s, with([](auto &a) { a.disabled = 0; })); }},
	{"mapped", [](side s) { return mapped(s, clock_attr()); }},
	{"mapped_enabled", [](side s) { return mapped(s, with([](auto &a) { a.disabled = 0; })); }},
	{"mapped_overwriting", [](side s) { return mapped(s, clock_attr(), 8, PROT_READ); }},
	{"mapped_without_data", [](side s) { return mapped(s, clock_attr(), 0); }},
	{"mapped_and_paused",
	 [](side s) {
		 subject out = mapped(s, clock_attr());
		 control(out.fd.get(), PERF_EVENT_IOC_PAUSE_OUTPUT, 1);
		 return out;
	 }},
	{"unmapped_again",
	 [](side s) {
		 subject out = mapped(s, clock_attr());
		 out.map.reset();
		 return out;
	 }},
	{"counting", [](side s) { return mapped(s, with([](auto &a) { a.sample_period = 0; })); }},
	{"by_frequency",
	 [](side s) {
		 return mapped(s, with([](auto &a) {
				       a.freq = 1;
				       a.sample_freq = 100;
			       }));
	 }},
	{"inherited", [](side s) { return unmapped(s, with([](auto &a) { a.inherit = 1; })); }},
	{"every_process",
	 [](side s) {
		 return mapped(s, clock_attr(), 8, PROT_READ | PROT_WRITE,
			       target::every_process(0));
	 }},
	{"after_the_end_of_its_process", of_an_ended_process},
};

void *bad_address()
{
	return reinterpret_cast<void *>(8);
}

int set_period(int fd, uint64_t value)
{
	return ioctl_error(fd, PERF_EVENT_IOC_PERIOD, &value);
}

int modify(int fd, void (*change)(perf_event_attr &))
{
	perf_event_attr attr = with(change);
	return ioctl_error(fd, PERF_EVENT_IOC_MODIFY_ATTRIBUTES, &attr);
}

int give_descriptor(int fd, unsigned long request, const char *path)
{
	unique_fd other(open(path, O_RDWR | O_CLOEXEC));
	return ioctl_error(fd, request, other.get());
}

const request_row requests[] = {
	{"enable", [](int fd) { return ioctl_error(fd, PERF_EVENT_IOC_ENABLE); }, {0}},
	{"enable_twice",
	 [](int fd) {
		 ioctl_error(fd, PERF_EVENT_IOC_ENABLE);
		 return ioctl_error(fd, PERF_EVENT_IOC_ENABLE);
	 },
	 {0}},
	{"enable_group",
	 [](int fd) { return ioctl_error(fd, PERF_EVENT_IOC_ENABLE, PERF_IOC_FLAG_GROUP); },
	 {0}},
	{"enable_unknown_flag",
	 [](int fd) { return ioctl_error(fd, PERF_EVENT_IOC_ENABLE, ~0UL); },
	 {0}},
	{"disable", [](int fd) { return ioctl_error(fd, PERF_EVENT_IOC_DISABLE); }, {0}},
	{"disable_group",
	 [](int fd) { return ioctl_error(fd, PERF_EVENT_IOC_DISABLE, PERF_IOC_FLAG_GROUP); },
	 {0}},
	{"reset", [](int fd) { return ioctl_error(fd, PERF_EVENT_IOC_RESET); }, {0}},
	{"reset_group",
	 [](int fd) { return ioctl_error(fd, PERF_EVENT_IOC_RESET, PERF_IOC_FLAG_GROUP); },
	 {0}},
	{"refresh_0", [](int fd) { return ioctl_error(fd, PERF_EVENT_IOC_REFRESH, 0UL); }},
	{"refresh_1", [](int fd) { return ioctl_error(fd, PERF_EVENT_IOC_REFRESH, 1); }},
	{"refresh_minus_1", [](int fd) { return ioctl_error(fd, PERF_EVENT_IOC_REFRESH, ~0UL); }},
	{"period_0", [](int fd) { return set_period(fd, 0); }, {EINVAL}},
	{"period_1", [](int fd) { return set_period(fd, 1); }},
	{"period_a_second", [](int fd) { return set_period(fd, 1'000'000'000); }},
	{"period_bit_63", [](int fd) { return set_period(fd, 1ULL << 63); }, {EINVAL}},
	{"period_bad_address",
	 [](int fd) { return ioctl_error(fd, PERF_EVENT_IOC_PERIOD, bad_address()); },
	 {EFAULT}},
	{"id",
	 [](int fd) {
		 uint64_t id = 0;
		 return ioctl_error(fd, PERF_EVENT_IOC_ID, &id);
	 },
	 {0}},
	{"id_bad_address",
	 [](int fd) { return ioctl_error(fd, PERF_EVENT_IOC_ID, bad_address()); },
	 {EFAULT}},
	{"set_output_none",
	 [](int fd) { return ioctl_error(fd, PERF_EVENT_IOC_SET_OUTPUT, ~0UL); }},
	{"set_output_itself",
	 [](int fd) { return ioctl_error(fd, PERF_EVENT_IOC_SET_OUTPUT, fd); },
	 {EINVAL}},
	{"set_output_closed",
	 [](int fd) { return ioctl_error(fd, PERF_EVENT_IOC_SET_OUTPUT, 999); },
	 {EBADF}},
	{"set_output_minus_1_of_32_bits",
	 [](int fd) { return ioctl_error(fd, PERF_EVENT_IOC_SET_OUTPUT, 0xffffffffUL); },
	 {EBADF}},
	{"set_output_minus_2",
	 [](int fd) { return ioctl_error(fd, PERF_EVENT_IOC_SET_OUTPUT, ~1UL); },
	 {EBADF}},
	{"set_output_other_file",
	 [](int fd) { return give_descriptor(fd, PERF_EVENT_IOC_SET_OUTPUT, "/dev/null"); },
	 {EBADF}},
	{"pause", [](int fd) { return ioctl_error(fd, PERF_EVENT_IOC_PAUSE_OUTPUT, 1); }},
	{"pause_2_to_32",
	 [](int fd) { return ioctl_error(fd, PERF_EVENT_IOC_PAUSE_OUTPUT, 1UL << 32); }},
	{"go_on", [](int fd) { return ioctl_error(fd, PERF_EVENT_IOC_PAUSE_OUTPUT, 0UL); }},
	{"set_filter",
	 [](int fd) { return ioctl_error(fd, PERF_EVENT_IOC_SET_FILTER, "cpu == 0"); },
	 {EINVAL}},
	{"set_filter_empty",
	 [](int fd) { return ioctl_error(fd, PERF_EVENT_IOC_SET_FILTER, ""); },
	 {EINVAL}},
	{"set_filter_bad_address",
	 [](int fd) { return ioctl_error(fd, PERF_EVENT_IOC_SET_FILTER, bad_address()); },
	 {EFAULT}},
	{"set_filter_too_long",
	 [](int fd) {
		 const std::string text(2 * page_size(), 'x');
		 return ioctl_error(fd, PERF_EVENT_IOC_SET_FILTER, text.c_str());
	 },
	 {EINVAL}},
	{"set_bpf_closed",
	 [](int fd) { return ioctl_error(fd, PERF_EVENT_IOC_SET_BPF, 999); },
	 {EBADF}},
	{"set_bpf_minus_1",
	 [](int fd) { return ioctl_error(fd, PERF_EVENT_IOC_SET_BPF, ~0UL); },
	 {EBADF}},
	{"set_bpf_other_file",
	 [](int fd) { return give_descriptor(fd, PERF_EVENT_IOC_SET_BPF, "/dev/null"); },
	 {EINVAL}},
	{"query_bpf",
	 [](int fd) {
		 uint32_t query[8] = {};
		 return ioctl_error(fd, PERF_EVENT_IOC_QUERY_BPF, query);
	 },
	 {EINVAL}},
	{"query_bpf_bad_address",
	 [](int fd) { return ioctl_error(fd, PERF_EVENT_IOC_QUERY_BPF, bad_address()); },
	 {EINVAL}},
	/* The type that perf has given the event is another one on newer kernels. */
	{"modify_nothing",
	 [](int fd) { return modify(fd, [](auto &) {}); },
	 {EOPNOTSUPP, EINVAL},
	 {EOPNOTSUPP, EINVAL}},
	{"modify_type", [](int fd) { return modify(fd, [](auto &a) { a.type = 77; }); }, {EINVAL}},
	{"modify_to_a_bad_attr",
	 [](int fd) { return modify(fd, [](auto &a) { a.sample_type = ~0ULL; }); },
	 {EINVAL}},
	{"modify_to_a_bad_size",
	 [](int fd) { return modify(fd, [](auto &a) { a.size = 1; }); },
	 {E2BIG}},
	{"modify_bad_address",
	 [](int fd) { return ioctl_error(fd, PERF_EVENT_IOC_MODIFY_ATTRIBUTES, bad_address()); },
	 {EFAULT}},
	{"unknown_number", [](int fd) { return ioctl_error(fd, _IO('$', 12)); }, {ENOTTY}},
	{"unknown_number_255", [](int fd) { return ioctl_error(fd, _IO('$', 255)); }, {ENOTTY}},
	{"enable_with_a_size",
	 [](int fd) { return ioctl_error(fd, _IOW('$', 0, uint64_t)); },
	 {ENOTTY}},
	{"period_without_a_size", [](int fd) { return ioctl_error(fd, _IO('$', 4)); }, {ENOTTY}},
	{"other_letter", [](int fd) { return ioctl_error(fd, _IO('%', 0)); }, {ENOTTY}},
	{"terminal_request", [](int fd) { return ioctl_error(fd, 0x5401); }, {ENOTTY}},
};

class ioctl_table : public testing::TestWithParam<std::tuple<state_row, request_row>>
{
};

void PrintTo(const state_row &row, std::ostream *out)
{
	print_row(row, out);
}

void PrintTo(const request_row &row, std::ostream *out)
{
	print_row(row, out);
}

std::string both_names(const testing::TestParamInfo<ioctl_table::ParamType> &info)
{
	return std::string(std::get<0>(info.param).name) + "__" + std::get<1>(info.param).name;
}

TEST_P(ioctl_table, each_ioctl_answers_as_perf_does)
{
	const auto &[state, request] = GetParam();
	check_both({request.perf, request.own, "it depends on the kernel"}, [&](side s) {
		subject it = state.make(s);
		const int error = request.call(it.fd.get());
		/* Whatever was said: the file is not harmed. */
		uint64_t id = 0;
		EXPECT_EQ(ioctl_error(it.fd.get(), PERF_EVENT_IOC_ID, &id), 0);
		EXPECT_NE(id, 0u);
		EXPECT_EQ(ioctl_error(it.fd.get(), PERF_EVENT_IOC_DISABLE), 0);
		return error;
	});
}

INSTANTIATE_TEST_SUITE_P(every, ioctl_table,
			 testing::Combine(testing::ValuesIn(states), testing::ValuesIn(requests)),
			 both_names);

} /* namespace */
