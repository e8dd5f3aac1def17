// SPDX-License-Identifier: GPL-2.0
/* struct perf_event_attr: every field, in and out of its range. */
#include <climits>
#include <ctime>

#include "support/expect.hpp"
#include "support/process.hpp"
#include "support/registers.hpp"

using namespace device_test;

namespace
{

using attr_t = perf_event_attr;

struct attr_row {
	const char *name;
	void (*change)(attr_t &);
	expectation expected;
};

void PrintTo(const attr_row &row, std::ostream *out)
{
	print_row(row, out);
}

class attr_table : public testing::TestWithParam<attr_row>
{
};

TEST_P(attr_table, each_attribute_is_accepted_or_refused_as_perf_does)
{
	const attr_row &row = GetParam();
	check_both(row.expected, [&](side s) {
		attr_t attr = clock_attr();
		row.change(attr);
		return open_error(s, &attr);
	});
}

uint64_t max_rate()
{
	return std::stoull(read_file("/proc/sys/kernel/perf_event_max_sample_rate"));
}

uint16_t max_stack()
{
	return std::stoul(read_file("/proc/sys/kernel/perf_event_max_stack"));
}

void callchain(attr_t &a, uint16_t depth)
{
	a.sample_type |= PERF_SAMPLE_CALLCHAIN;
	a.sample_max_stack = depth;
}

void user_regs(attr_t &a, uint64_t mask)
{
	a.sample_type |= PERF_SAMPLE_REGS_USER;
	a.sample_regs_user = mask;
}

void user_stack(attr_t &a, uint32_t size)
{
	a.sample_type |= PERF_SAMPLE_STACK_USER;
	a.sample_stack_user = size;
}

void clock_id(attr_t &a, int32_t id)
{
	a.use_clockid = 1;
	a.clockid = id;
}

void frequency(attr_t &a, uint64_t hz)
{
	a.freq = 1;
	a.sample_freq = hz;
}

void set_bit(attr_t &a, unsigned bit)
{
	/* The flags stand behind read_format, as one word. */
	__u64 *flags = &a.read_format + 1;
	*flags |= 1ULL << bit;
}

constexpr const char *one_kind = "a source has one kind of event";

const attr_row kinds[] = {
	{"plain", [](attr_t &) {}, {{0}}},
	{"type_unknown", [](attr_t &a) { a.type = 0xffff; }, {{ENOENT}}},
	{"type_all_ones", [](attr_t &a) { a.type = UINT_MAX; }, {{ENOENT}}},
	{"type_hardware", [](attr_t &a) { a.type = PERF_TYPE_HARDWARE; }, {{}, {ENOENT}, one_kind}},
	{"type_tracepoint",
	 [](attr_t &a) { a.type = PERF_TYPE_TRACEPOINT; },
	 {{}, {ENOENT}, one_kind}},
	{"type_raw", [](attr_t &a) { a.type = PERF_TYPE_RAW; }, {{}, {ENOENT}, one_kind}},
	{"config_unknown", [](attr_t &a) { a.config = 99; }, {{ENOENT}}},
	{"config_high_bits", [](attr_t &a) { a.config |= 1ULL << 40; }, {{ENOENT}}},
	{"config_task_clock",
	 [](attr_t &a) { a.config = PERF_COUNT_SW_TASK_CLOCK; },
	 {{0}, {ENOENT}, one_kind}},
	{"config_dummy", [](attr_t &a) { a.config = PERF_COUNT_SW_DUMMY; }, {{0}}},
	{"config1", [](attr_t &a) { a.config1 = ~0ULL; }, {{0}}},
	{"config2", [](attr_t &a) { a.config2 = ~0ULL; }, {{0}}},
	{"bp_type", [](attr_t &a) { a.bp_type = UINT_MAX; }, {{0}}},
	{"sig_data_alone", [](attr_t &a) { a.sig_data = ~0ULL; }, {{0}}},
};

const attr_row rates[] = {
	{"period_0_counts", [](attr_t &a) { a.sample_period = 0; }, {{0}}},
	{"period_1", [](attr_t &a) { a.sample_period = 1; }, {{0}}},
	{"period_greatest", [](attr_t &a) { a.sample_period = ~0ULL >> 1; }, {{0}}},
	{"period_bit_63", [](attr_t &a) { a.sample_period = 1ULL << 63; }, {{EINVAL}}},
	{"period_all_ones", [](attr_t &a) { a.sample_period = ~0ULL; }, {{EINVAL}}},
	{"freq_0_counts", [](attr_t &a) { frequency(a, 0); }, {{0}}},
	{"freq_1", [](attr_t &a) { frequency(a, 1); }, {{0}}},
	{"freq_at_the_limit", [](attr_t &a) { frequency(a, max_rate()); }, {{0}}},
	{"freq_over_the_limit", [](attr_t &a) { frequency(a, max_rate() + 1); }, {{EINVAL}}},
	{"freq_2_to_32", [](attr_t &a) { frequency(a, 1ULL << 32); }, {{EINVAL}}},
	{"freq_bit_63", [](attr_t &a) { frequency(a, 1ULL << 63); }, {{EINVAL}}},
	{"wakeup_events_greatest", [](attr_t &a) { a.wakeup_events = UINT_MAX; }, {{0}}},
	{"watermark_greatest",
	 [](attr_t &a) {
		 a.watermark = 1;
		 a.wakeup_watermark = UINT_MAX;
	 },
	 {{0}}},
};

const attr_row sample_types[] = {
	{"sample_type_0", [](attr_t &a) { a.sample_type = 0; }, {{0}}},
	{"sample_type_first_unknown",
	 [](attr_t &a) { a.sample_type |= PERF_SAMPLE_MAX; },
	 {{EINVAL}}},
	{"sample_type_bit_31", [](attr_t &a) { a.sample_type |= 1ULL << 31; }, {{EINVAL}}},
	{"sample_type_bit_63", [](attr_t &a) { a.sample_type |= 1ULL << 63; }, {{EINVAL}}},
	{"sample_type_all_ones", [](attr_t &a) { a.sample_type = ~0ULL; }, {{EINVAL}}},
	{"addr", [](attr_t &a) { a.sample_type |= PERF_SAMPLE_ADDR; }, {{0}}},
	{"raw", [](attr_t &a) { a.sample_type |= PERF_SAMPLE_RAW; }, {{0}}},
	{"identifier", [](attr_t &a) { a.sample_type |= PERF_SAMPLE_IDENTIFIER; }, {{0}}},
	{"data_src", [](attr_t &a) { a.sample_type |= PERF_SAMPLE_DATA_SRC; }, {{0}}},
	{"read_format_all", [](attr_t &a) { a.read_format = PERF_FORMAT_MAX - 1; }, {{0}}},
	{"read_format_first_unknown",
	 [](attr_t &a) { a.read_format = PERF_FORMAT_MAX; },
	 {{EINVAL}}},
	{"read_format_bit_62", [](attr_t &a) { a.read_format = 1ULL << 62; }, {{EINVAL}}},
	{"callchain_depth_default", [](attr_t &a) { callchain(a, 0); }, {{0}}},
	{"callchain_depth_1", [](attr_t &a) { callchain(a, 1); }, {{0}}},
	{"callchain_depth_at_the_limit", [](attr_t &a) { callchain(a, max_stack()); }, {{0}}},
	{"callchain_depth_over_the_limit",
	 [](attr_t &a) { callchain(a, max_stack() + 1); },
	 {{EOVERFLOW}}},
	{"callchain_depth_65535", [](attr_t &a) { callchain(a, USHRT_MAX); }, {{EOVERFLOW}}},
	{"depth_without_callchain", [](attr_t &a) { a.sample_max_stack = USHRT_MAX; }, {{0}}},
	{"exclude_callchain_both",
	 [](attr_t &a) {
		 callchain(a, 0);
		 a.exclude_callchain_kernel = a.exclude_callchain_user = 1;
	 },
	 {{0}}},
	{"regs_ip_sp", [](attr_t &a) { user_regs(a, ip_and_sp); }, {{0}}},
	{"regs_none", [](attr_t &a) { user_regs(a, 0); }, {{EINVAL}}},
#ifdef __x86_64__
	{"regs_ds", [](attr_t &a) { user_regs(a, 1 << PERF_REG_X86_DS); }, {{EINVAL}}},
	{"regs_gs_and_ip",
	 [](attr_t &a) { user_regs(a, 1 << PERF_REG_X86_GS | 1 << PERF_REG_X86_IP); },
	 {{EINVAL}}},
	/* perf has vector registers behind the last one; elsewhere nothing is there. */
	{"regs_bit_63", [](attr_t &a) { user_regs(a, 1ULL << 63); }, {{EOPNOTSUPP}}},
#endif
	{"regs_last", [](attr_t &a) { user_regs(a, 1ULL << reg_last); }, {{0}}},
	{"regs_behind_the_last",
	 [](attr_t &a) { user_regs(a, 1ULL << reg_behind_the_last); },
	 {{EINVAL}}},
	{"regs_vector", [](attr_t &a) { user_regs(a, 1ULL << reg_vector); }, {{EOPNOTSUPP}}},
	{"regs_all_ones", [](attr_t &a) { user_regs(a, ~0ULL); }, {{EINVAL}}},
	{"regs_without_the_type", [](attr_t &a) { a.sample_regs_user = 0xffffffff; }, {{0}}},
	/* perf looks at the upper half without looking at the type. */
	{"regs_xmm_without_the_type",
	 [](attr_t &a) { a.sample_regs_user = ~0ULL; },
	 {{EOPNOTSUPP}}},
	{"stack_0", [](attr_t &a) { user_stack(a, 0); }, {{0}}},
	{"stack_8", [](attr_t &a) { user_stack(a, 8); }, {{0}}},
	{"stack_7", [](attr_t &a) { user_stack(a, 7); }, {{EINVAL}}},
	{"stack_8196", [](attr_t &a) { user_stack(a, 8196); }, {{EINVAL}}},
	{"stack_65528", [](attr_t &a) { user_stack(a, 65528); }, {{0}}},
	{"stack_65535", [](attr_t &a) { user_stack(a, 65535); }, {{EINVAL}}},
	{"stack_65536", [](attr_t &a) { user_stack(a, 65536); }, {{EINVAL}}},
	{"stack_bit_31", [](attr_t &a) { user_stack(a, 1U << 31); }, {{EINVAL}}},
	{"stack_without_the_type", [](attr_t &a) { a.sample_stack_user = UINT_MAX; }, {{0}}},
	{"regs_intr_without_the_type", [](attr_t &a) { a.sample_regs_intr = 0xffffffff; }, {{0}}},
	{"regs_intr_xmm_without_the_type",
	 [](attr_t &a) { a.sample_regs_intr = ~0ULL; },
	 {{EOPNOTSUPP}}},
	{"branches_without_the_type", [](attr_t &a) { a.branch_sample_type = ~0ULL; }, {{0}}},
};

const attr_row clocks[] = {
	{"clock_monotonic", [](attr_t &a) { clock_id(a, CLOCK_MONOTONIC); }, {{0}}},
	{"clock_monotonic_raw", [](attr_t &a) { clock_id(a, CLOCK_MONOTONIC_RAW); }, {{0}}},
	{"clock_realtime", [](attr_t &a) { clock_id(a, CLOCK_REALTIME); }, {{0}}},
	{"clock_boottime", [](attr_t &a) { clock_id(a, CLOCK_BOOTTIME); }, {{0}}},
	{"clock_tai", [](attr_t &a) { clock_id(a, CLOCK_TAI); }, {{0}}},
	{"clock_process_time",
	 [](attr_t &a) { clock_id(a, CLOCK_PROCESS_CPUTIME_ID); },
	 {{EINVAL}}},
	{"clock_monotonic_coarse",
	 [](attr_t &a) { clock_id(a, CLOCK_MONOTONIC_COARSE); },
	 {{EINVAL}}},
	{"clock_unknown", [](attr_t &a) { clock_id(a, 99); }, {{EINVAL}}},
	{"clock_negative", [](attr_t &a) { clock_id(a, -1); }, {{EINVAL}}},
	{"clock_without_the_bit", [](attr_t &a) { a.clockid = 99; }, {{0}}},
};

const attr_row reserved[] = {
	{"reserved_1", [](attr_t &a) { a.__reserved_1 = 1U << 25; }, {{EINVAL}}},
	{"bit_63", [](attr_t &a) { set_bit(a, 63); }, {{EINVAL}}},
	{"reserved_2", [](attr_t &a) { a.__reserved_2 = 1; }, {{EINVAL}}},
	{"reserved_3",
	 [](attr_t &a) { a.__reserved_3 = 1; },
	 {{EINVAL, EOPNOTSUPP},
	  {EINVAL, EOPNOTSUPP},
	  "newer kernels have given the field a meaning, for AUX"}},
	{"inherit", [](attr_t &a) { a.inherit = 1; }, {{0}}},
	{"inherit_thread", [](attr_t &a) { a.inherit = a.inherit_thread = 1; }, {{0}}},
	{"inherit_thread_alone", [](attr_t &a) { a.inherit_thread = 1; }, {{EINVAL}}},
	{"enable_on_exec", [](attr_t &a) { a.enable_on_exec = 1; }, {{0}}},
	{"side_band",
	 [](attr_t &a) {
		 a.mmap = a.mmap2 = a.mmap_data = a.comm = a.comm_exec = a.task = 1;
		 a.sample_id_all = 1;
	 },
	 {{0}}},
	{"exclude_everything",
	 [](attr_t &a) {
		 a.exclude_user = a.exclude_kernel = a.exclude_hv = a.exclude_idle = 1;
		 a.exclude_guest = 1;
	 },
	 {{0}}},
	{"context_switch", [](attr_t &a) { a.context_switch = 1; }, {{0}}},
	{"comm_exec_alone", [](attr_t &a) { a.comm_exec = 1; }, {{0}}},
	{"mmap_data_alone", [](attr_t &a) { a.mmap_data = 1; }, {{0}}},
};

INSTANTIATE_TEST_SUITE_P(kinds, attr_table, testing::ValuesIn(kinds),
			 row_name<testing::TestParamInfo<attr_row>>);
INSTANTIATE_TEST_SUITE_P(rates, attr_table, testing::ValuesIn(rates),
			 row_name<testing::TestParamInfo<attr_row>>);
INSTANTIATE_TEST_SUITE_P(sample_types, attr_table, testing::ValuesIn(sample_types),
			 row_name<testing::TestParamInfo<attr_row>>);
INSTANTIATE_TEST_SUITE_P(clocks, attr_table, testing::ValuesIn(clocks),
			 row_name<testing::TestParamInfo<attr_row>>);
INSTANTIATE_TEST_SUITE_P(flags, attr_table, testing::ValuesIn(reserved),
			 row_name<testing::TestParamInfo<attr_row>>);

} /* namespace */
