// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file A flame graph as one HTML file that works offline. */
#pragma once

#include <string>

#include "analysis/flame_tree.hpp"
#include "analysis/frames.hpp"

namespace perfbuf::analysis
{

/** The page; its data stands where flame_page_data_mark does. */
extern const char *const flame_page;
inline constexpr const char *flame_page_data_mark = "/*DATA*/";

struct flame_texts {
	std::string title;
	std::string about; /**< when and where it was recorded; may be empty */
	std::string unit;  /**< "samples" */
};

/** @return the tree as the page's script reads it */
std::string flame_data(const flame_tree &tree, const frame_table &frames, const flame_texts &texts);

/** @return the whole page */
std::string flame_html(const flame_tree &tree, const frame_table &frames, const flame_texts &texts);

} // namespace perfbuf::analysis
