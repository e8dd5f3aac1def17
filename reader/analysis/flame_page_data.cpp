// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Puts the data of a flame graph into the page flame_page.html.
#include <algorithm>
#include <fmt/format.h>
#include <iterator>

#include "analysis/flame_page.hpp"
#include "tracefile/show.hpp"

namespace perfbuf::analysis
{

namespace
{

// In a script element, "</" would end it, whatever it stands in.
std::string script_string(std::string_view text)
{
	std::string quoted = tracefile::json_string(text);
	for (size_t at = 0; (at = quoted.find('<', at)) != std::string::npos;)
		quoted.replace(at, 1, "\\u003c");
	return quoted;
}

} // namespace

std::string flame_data(const flame_tree &tree, const frame_table &frames, const flame_texts &texts)
{
	std::string out = fmt::format("{{\"title\":{},\"about\":{},\"unit\":{},\n\"nodes\":[",
				      script_string(texts.title), script_string(texts.about),
				      script_string(texts.unit));
	// Of the table, what the tree has: frame to its number in the page.
	std::map<uint32_t, size_t> used;
	std::vector<uint32_t> in_order;
	struct step {
		uint32_t node;
		uint32_t depth;
	};
	std::vector<step> walk{{0, 0}};
	while (!walk.empty()) {
		const auto [number, depth] = walk.back();
		walk.pop_back();
		const auto &node = tree[number];
		size_t frame = 0;
		if (depth) {
			const auto [found, is_new] = used.try_emplace(node.frame, used.size());
			if (is_new)
				in_order.push_back(node.frame);
			frame = found->second;
		}
		fmt::format_to(std::back_inserter(out), "{}{},{},{}", depth ? ",\n" : "", depth,
			       frame, node.total);
		// The stack turns the order around: the names rise from left to right.
		std::vector<uint32_t> children;
		for (const auto &[_, child] : node.children)
			children.push_back(child);
		std::sort(children.begin(), children.end(), [&](uint32_t a, uint32_t b) {
			return frames[tree[a].frame].name > frames[tree[b].frame].name;
		});
		for (const uint32_t child : children)
			walk.push_back({child, depth + 1});
	}
	out += "],\n\"frames\":[";
	for (size_t at = 0; at < in_order.size(); at++) {
		const auto &frame = frames[in_order[at]];
		fmt::format_to(std::back_inserter(out), "{}[{},{},{}]", at ? ",\n" : "",
			       static_cast<int>(frame.kind), script_string(frame.name),
			       script_string(frame.file));
	}
	return out + "]}";
}

std::string flame_html(const flame_tree &tree, const frame_table &frames, const flame_texts &texts)
{
	std::string page = flame_page;
	const size_t at = page.find(flame_page_data_mark);
	return page.replace(at, std::string_view(flame_page_data_mark).size(),
			    flame_data(tree, frames, texts));
}

} // namespace perfbuf::analysis
