// SPDX-License-Identifier: GPL-2.0
// The symbol table of a trace file: names of kernel and module functions, also of modules that are
// loaded later.
#include "functrace/generator.hpp"

#include <cstdlib>
#include <perfbuf/unique_fd.hpp>
#include <string>
#include <unistd.h>

#include "tracefile/symbols.hpp"

namespace
{

using namespace functrace_test;
namespace tracefile = perfbuf::tracefile;

using perfbuf::reader::unique_fd;

std::string text_file(const std::string &content)
{
	std::string name = "/tmp/perfbuf-symbols-XXXXXX";
	unique_fd fd(mkstemp(name.data()));
	EXPECT_EQ(write(fd.get(), content.data(), content.size()), ssize_t(content.size()));
	return name;
}

tracefile::symbol_table sample_symbols()
{
	const std::string kallsyms = text_file("0000000000000000 A fixed_percpu_data\n"
					       "ffffffff81000000 T _text\n"
					       "ffffffff81000000 T startup_64\n"
					       "ffffffff81000100 t helper\n"
					       "ffffffff81000200 D a_variable\n"
					       "ffffffff81000200 W weak_one\n"
					       "ffffffff81001000 T _etext\n"
					       "ffffffff82000000 T init_code\n"
					       "ffffffffc0000040 t read\t[ext4]\n"
					       "ffffffffc0000000 t write\t[ext4]\n"
					       "ffffffffc0800000 t bpf_prog_1\t[bpf]\n"
					       "nonsense\n"
					       "ffffffff81000300 T \n");
	const std::string modules = text_file("ext4 4096 1 - Live 0xffffffffc0000000 "
					      "(E)\nbad\nother 12 0 - Live 0x0000000000000000\n");
	const auto table = tracefile::read_kernel_symbols(kallsyms, modules);
	unlink(kallsyms.c_str());
	unlink(modules.c_str());
	return table;
}

TEST(trace_symbols, names_are_those_that_the_kernel_gives)
{
	const auto table = sample_symbols();
	EXPECT_EQ(table.name_of(0xffffffff81000000), "_text") << "the first of several";
	EXPECT_EQ(table.name_of(0xffffffff81000104), "helper");
	EXPECT_EQ(table.name_of(0xffffffff810002ff), "weak_one");
	EXPECT_EQ(table.name_of(0xffffffffc0000044), "read [ext4]");
	EXPECT_EQ(table.name_of(0xffffffffc000003f), "write [ext4]");
	EXPECT_EQ(table.name_of(0xffffffffc0800004), "bpf_prog_1 [bpf]");
	/* Before, between and behind. */
	EXPECT_EQ(table.name_of(0xffffffff80ffffff), "0xffffffff80ffffff");
	EXPECT_EQ(table.name_of(0xffffffffc0001000), "0xffffffffc0001000");
	EXPECT_EQ(table.name_of(0xffffffffc0900000), "0xffffffffc0900000");
	EXPECT_EQ(table.name_of(0), "0x0");
}

TEST(trace_symbols, symbols_written_to_a_file_and_read_again_are_the_same)
{
	const auto table = sample_symbols();
	for (size_t most : {600, 65536}) {
		tracefile::symbol_table again;
		for (const auto &payload : table.payloads(most)) {
			EXPECT_LE(payload.size(), most);
			EXPECT_TRUE(again.add_payload(std::as_bytes(std::span(payload))));
		}
		again.sort();
		EXPECT_EQ(again.size(), table.size());
		for (uint64_t address :
		     {0xffffffff81000000, 0xffffffff81000104, 0xffffffffc0000044,
		      0xffffffffc000003f, 0xffffffffc0001000, 0xffffffffc0800004})
			EXPECT_EQ(again.name_of(address), table.name_of(address));
		EXPECT_TRUE(again.without(table).empty());
		EXPECT_EQ(again.without({}).size(), table.size());
	}
}

TEST(trace_symbols, symbols_that_were_added_later_are_found_by_a_comparison)
{
	const auto before = sample_symbols();
	auto after = sample_symbols();
	after.add(0xffffffffc0000040, "other", "newer", 0xffffffffc0001000);
	after.add(0xffffffffc2000000, "late", "newer", 0xffffffffc2001000);
	after.sort();
	const auto more = after.without(before);
	ASSERT_EQ(more.size(), 1) << "the first of two at one address stays";
	EXPECT_EQ(more.name_of(0xffffffffc2000004), "late [newer]");
}

TEST(trace_symbols, a_cut_payload_adds_no_symbol_that_was_not_in_it)
{
	const std::string whole = sample_symbols().payloads(65536).front();
	for (size_t size = 0; size < whole.size(); size++) {
		tracefile::symbol_table table;
		(void)table.add_payload(std::as_bytes(std::span(whole)).first(size));
		table.sort();
		EXPECT_LE(table.size(), 4);
	}
	tracefile::symbol_table table;
	EXPECT_FALSE(table.add_payload({}));
}

} // namespace
