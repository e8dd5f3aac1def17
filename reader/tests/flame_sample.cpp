// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// The page of a flame graph with known stacks, for scripts/tests/run-pictures.
#include <cstdio>

#include "analysis/flame_page.hpp"

int main()
{
	using namespace perfbuf::analysis;
	frame_table frames;
	flame_tree tree;
	const auto process = [&](const char *name) {
		return frames.number_of(frame_kind::group, name);
	};
	const auto user = [&](const char *name) {
		return frames.number_of(frame_kind::user, name, "prog");
	};
	const uint32_t a = process("a");
	const uint32_t work = user("work");
	tree.add(std::vector<uint32_t>{a, work, user("compute")}, 60);
	tree.add(std::vector<uint32_t>{a, work,
				       frames.number_of(frame_kind::kernel, "vfs_read", "kernel")},
		 20);
	tree.add(std::vector<uint32_t>{process("b"), user("idle"), user("<b>bold</b>")}, 20);
	const std::string page = flame_html(tree, frames, {"clock (sample)", "", "samples"});
	return std::fwrite(page.data(), 1, page.size(), stdout) == page.size() ? 0 : 1;
}
