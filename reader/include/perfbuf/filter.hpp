// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/**
 * @file
 * Where a filter's text stops being a filter. The module parses it (docs/producer.md has the
 * grammar): file::check_filter() requests its answer, and these functions put it into words.
 */
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace perfbuf::reader
{

/** The result of file::check_filter() for a text. */
struct filter_check {
	int code = 0;	     /**< 0: it is a filter; else the errno of file::set_filter() */
	uint32_t reason = 0; /**< PERFBUF_FILTER_* of linux/perfbuf.h */
	size_t at = 0;	     /**< where the token begins that is wrong */
	size_t bytes = 0;    /**< of the token; 0: the text ends too early */
};

/** @return one sentence that says what is wrong with the token: "\"nmber\" is no field of ..." */
std::string explain_filter(std::string_view text, const filter_check &check);

/** @return two lines: the text, and under its token "^~~~" */
std::string point_at_filter(std::string_view text, const filter_check &check);

} // namespace perfbuf::reader
