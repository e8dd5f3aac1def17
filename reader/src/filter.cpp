// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Explains the module's verdict on a filter, and points at the word.
#include <perfbuf/filter.hpp>

#include <algorithm>
#include <linux/perfbuf.h>

namespace perfbuf::reader
{

namespace
{

bool continues_character(char character)
{
	return (static_cast<unsigned char>(character) & 0xc0) == 0x80;
}

/* The token, extended to whole characters of UTF-8: the module may point at one byte of several. */
std::string_view token_of(std::string_view text, const filter_check &check)
{
	const size_t at = std::min(check.at, text.size());
	size_t end = at + std::min(check.bytes, text.size() - at);
	while (end > at && end < text.size() && continues_character(text[end]))
		end++;
	return text.substr(at, end - at);
}

// The text that should stand in place of the token; empty: the token itself is wrong.
std::string_view wanted_of(uint32_t reason)
{
	switch (reason) {
	case PERFBUF_FILTER_WANTS_FIELD:
		return "a field";
	case PERFBUF_FILTER_WANTS_OPERATOR:
		return "a comparison (== != < <= > >= & ~ in)";
	case PERFBUF_FILTER_WANTS_VALUE:
		return "a value";
	case PERFBUF_FILTER_WANTS_JOIN:
		return "&& or ||";
	case PERFBUF_FILTER_WANTS_OPEN:
		return "the \"(\" of a list";
	case PERFBUF_FILTER_WANTS_CLOSE:
		return "a \")\"";
	case PERFBUF_FILTER_WANTS_COMMA:
		return "\",\" or \")\"";
	default:
		return {};
	}
}

std::string_view complaint_of(uint32_t reason)
{
	switch (reason) {
	case PERFBUF_FILTER_NO_FIELD:
		return "is no field of this event";
	case PERFBUF_FILTER_NOT_COMPARED:
		return "is a field that filters do not compare: take one with a single value";
	case PERFBUF_FILTER_OPERATOR:
		return "does not compare a field of this kind: take == != < <= > >= & or in for "
		       "integers, == != ~ or in for strings";
	case PERFBUF_FILTER_NO_NAME:
		return "is no name of a value of this field";
	case PERFBUF_FILTER_NO_NUMBER:
		return "is no number: give a decimal one, or 0x and a hexadecimal one";
	case PERFBUF_FILTER_UNIT:
		return "is no unit of this field: a time takes ns, us, ms or s, an integer KiB, "
		       "MiB, GiB or TiB";
	case PERFBUF_FILTER_RANGE:
		return "is a number that the field cannot hold: give one within the field's type";
	case PERFBUF_FILTER_EMPTY:
		return "ends a range below its first number: exchange the two";
	case PERFBUF_FILTER_QUOTE:
		return "has no quote at its end: close it";
	case PERFBUF_FILTER_STAR:
		return "stands within a word: a pattern takes it at the ends alone";
	case PERFBUF_FILTER_LONG:
		return "has more than 64 characters: give a part of it and a \"*\"";
	case PERFBUF_FILTER_MANY:
		return "begins the 33rd comparison: give at most 32";
	case PERFBUF_FILTER_DEEP:
		return "is more than 16 parentheses and \"!\" deep: give fewer";
	default:
		return "is not understood: install perfbuf and its module from one version";
	}
}

} // namespace

std::string explain_filter(std::string_view text, const filter_check &check)
{
	const std::string_view token = token_of(text, check);
	const std::string quoted = token.empty() ? "its end"
				   : token.find('"') == std::string_view::npos
					   ? '"' + std::string(token) + '"'
					   : std::string(token);
	if (const std::string_view wanted = wanted_of(check.reason); !wanted.empty())
		return quoted + " stands where " + std::string(wanted) + " should";
	return quoted + " " + std::string(complaint_of(check.reason));
}

std::string point_at_filter(std::string_view text, const filter_check &check)
{
	const size_t at = std::min(check.at, text.size());
	std::string lines(text);
	// A newline in the text would put the caret under another line.
	std::replace(lines.begin(), lines.end(), '\n', ' ');
	std::string under;
	for (const char each : lines.substr(0, at))
		// A tab takes as many columns as the one above it; later bytes of UTF-8 take none.
		if (!continues_character(each))
			under += each == '\t' ? '\t' : ' ';
	under += '^';
	const std::string_view token = token_of(text, check);
	for (size_t i = 1; i < token.size(); i++)
		if (!continues_character(token[i]))
			under += '~';
	return lines + "\n" + under;
}

} // namespace perfbuf::reader
