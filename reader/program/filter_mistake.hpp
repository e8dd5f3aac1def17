// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file The module says of a filter only that it is wrong. This finds out where. */
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perfbuf::program
{

struct filter_mistake {
	size_t position;    /**< in the text, from 1 */
	std::string reason; /**< "\"nmber\" is no field" */
};

/** @return the first place where the text is no filter. Nothing: it looks right from here. */
std::optional<filter_mistake> find_filter_mistake(std::string_view text,
						  const std::vector<std::string> &fields);

/** @return the first value that is a name; which names a field's type has, the module knows */
std::optional<filter_mistake> find_named_value(std::string_view text);

} // namespace perfbuf::program
