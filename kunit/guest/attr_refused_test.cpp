// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the fields that perf supports and this source does not: refused, never ignored. With
 * EOPNOTSUPP; but with EINVAL where an older kernel does not know a bit of attr either, because
 * that is the errno on which readers ask again without it.
 */

#include <linux/perfbuf.h>

#include "support/expect.hpp"
#include "support/registers.hpp"

using namespace device_test;

namespace
{

using attr_t = perf_event_attr;

struct refused_row {
	const char *name;
	void (*change)(attr_t &);
	answers perf;
	answers own = {EOPNOTSUPP};
};

void PrintTo(const refused_row &row, std::ostream *out)
{
	print_row(row, out);
}

class attr_refused : public testing::TestWithParam<refused_row>
{
};

TEST_P(attr_refused, an_open_with_it_fails_with_the_errno_that_readers_know)
{
	const refused_row &row = GetParam();
	check_both({row.perf, row.own, "it is not supported"}, [&](side s) {
		attr_t attr = clock_attr();
		row.change(attr);
		return open_error(s, &attr);
	});
}

/* Both answers are true of these: the value is wrong, and the feature is not there. */
const answers either = {EINVAL, EOPNOTSUPP};

/* Bits that came after perf_event_open(2). */
const answers older_kernels = {EINVAL};

const refused_row sample_types[] = {
	{"read_with_the_causes_of_losses",
	 [](attr_t &a) {
		 a.sample_type |= PERF_SAMPLE_READ;
		 a.read_format |= PERFBUF_FORMAT_LOST_CAUSES;
	 },
	 {EINVAL}},
	{"read_and_inherit",
	 [](attr_t &a) {
		 a.sample_type |= PERF_SAMPLE_READ;
		 a.inherit = 1;
	 },
	 {EINVAL, 0},
	 either},
	{"branch_stack",
	 [](attr_t &a) {
		 a.sample_type |= PERF_SAMPLE_BRANCH_STACK;
		 a.branch_sample_type = PERF_SAMPLE_BRANCH_ANY;
	 },
	 {EOPNOTSUPP}},
	{"branch_stack_without_a_branch",
	 [](attr_t &a) { a.sample_type |= PERF_SAMPLE_BRANCH_STACK; },
	 {EINVAL},
	 either},
	{"branch_stack_unknown_branch",
	 [](attr_t &a) {
		 a.sample_type |= PERF_SAMPLE_BRANCH_STACK;
		 a.branch_sample_type = 1ULL << 40;
	 },
	 {EINVAL},
	 either},
	{"weight", [](attr_t &a) { a.sample_type |= PERF_SAMPLE_WEIGHT; }, {0}},
	{"weight_struct", [](attr_t &a) { a.sample_type |= PERF_SAMPLE_WEIGHT_STRUCT; }, {0}},
	{"weight_both",
	 [](attr_t &a) { a.sample_type |= PERF_SAMPLE_WEIGHT | PERF_SAMPLE_WEIGHT_STRUCT; },
	 {EINVAL},
	 either},
	{"transaction", [](attr_t &a) { a.sample_type |= PERF_SAMPLE_TRANSACTION; }, {0}},
	{"regs_intr",
	 [](attr_t &a) {
		 a.sample_type |= PERF_SAMPLE_REGS_INTR;
		 a.sample_regs_intr = 1ULL << reg_ip;
	 },
	 {0}},
	{"regs_intr_none",
	 [](attr_t &a) { a.sample_type |= PERF_SAMPLE_REGS_INTR; },
	 {EINVAL},
	 either},
	{"phys_addr", [](attr_t &a) { a.sample_type |= PERF_SAMPLE_PHYS_ADDR; }, {0}},
	{"aux", [](attr_t &a) { a.sample_type |= PERF_SAMPLE_AUX; }, {}},
	{"cgroup", [](attr_t &a) { a.sample_type |= PERF_SAMPLE_CGROUP; }, {0, EINVAL}},
	{"data_page_size", [](attr_t &a) { a.sample_type |= PERF_SAMPLE_DATA_PAGE_SIZE; }, {0}},
	{"code_page_size", [](attr_t &a) { a.sample_type |= PERF_SAMPLE_CODE_PAGE_SIZE; }, {0}},
};

const refused_row bits[] = {
	{"pinned", [](attr_t &a) { a.pinned = 1; }, {0}},
	{"exclusive", [](attr_t &a) { a.exclusive = 1; }, {0}},
	{"inherit_stat", [](attr_t &a) { a.inherit = a.inherit_stat = 1; }, {0}},
	{"precise_ip_1", [](attr_t &a) { a.precise_ip = 1; }, {0}},
	{"precise_ip_3", [](attr_t &a) { a.precise_ip = 3; }, {0}},
	{"exclude_host", [](attr_t &a) { a.exclude_host = 1; }, {0}},
	{"namespaces", [](attr_t &a) { a.namespaces = 1; }, {0}, older_kernels},
	{"ksymbol", [](attr_t &a) { a.ksymbol = 1; }, {0}, older_kernels},
	{"bpf_event", [](attr_t &a) { a.bpf_event = 1; }, {0}, older_kernels},
	{"aux_output", [](attr_t &a) { a.aux_output = 1; }, {EOPNOTSUPP}},
	{"cgroup_events", [](attr_t &a) { a.cgroup = 1; }, {0}, older_kernels},
	{"text_poke", [](attr_t &a) { a.text_poke = 1; }, {0}, older_kernels},
	{"build_id", [](attr_t &a) { a.build_id = 1; }, {0}, older_kernels},
	{"remove_and_enable_on_exec",
	 [](attr_t &a) { a.remove_on_exec = a.enable_on_exec = 1; },
	 {EINVAL},
	 either},
	{"sigtrap", [](attr_t &a) { a.sigtrap = a.remove_on_exec = 1; }, {0}, older_kernels},
	{"sigtrap_alone", [](attr_t &a) { a.sigtrap = 1; }, {EINVAL}, either},
	{"aux_watermark", [](attr_t &a) { a.aux_watermark = 4096; }, {0}},
	{"aux_sample_size", [](attr_t &a) { a.aux_sample_size = 4096; }, {EINVAL}, either},
};

INSTANTIATE_TEST_SUITE_P(sample_types, attr_refused, testing::ValuesIn(sample_types),
			 row_name<testing::TestParamInfo<refused_row>>);
INSTANTIATE_TEST_SUITE_P(bits, attr_refused, testing::ValuesIn(bits),
			 row_name<testing::TestParamInfo<refused_row>>);

} /* namespace */
