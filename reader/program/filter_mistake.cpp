// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Finds the word at which a filter stops being one.
#include "program/filter_mistake.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <fmt/format.h>

namespace perfbuf::program
{

namespace
{

enum class kind { word, quoted, comparison, join, negation, open, close, unknown, end };

struct token {
	kind type;
	std::string_view text;
	size_t at; // from 0
};

constexpr std::string_view blanks = " \t\n";
constexpr std::string_view signs = "()!=<>&|~\"";
// The longer ones first. "&" compares bits, "&&" joins.
constexpr std::array<std::pair<std::string_view, kind>, 14> operators{{{"&&", kind::join},
								       {"||", kind::join},
								       {"==", kind::comparison},
								       {"!=", kind::comparison},
								       {"<=", kind::comparison},
								       {">=", kind::comparison},
								       {"!~", kind::unknown},
								       {"<", kind::comparison},
								       {">", kind::comparison},
								       {"&", kind::comparison},
								       {"~", kind::comparison},
								       {"!", kind::negation},
								       {"(", kind::open},
								       {")", kind::close}}};

token next_token(std::string_view text, size_t from)
{
	const size_t at = std::min(text.find_first_not_of(blanks, from), text.size());
	if (at == text.size())
		return {kind::end, {}, at};
	const std::string_view rest = text.substr(at);
	for (const auto &[sign, type] : operators)
		if (rest.starts_with(sign))
			return {type, rest.substr(0, sign.size()), at};
	if (rest[0] == '"') {
		const size_t end = rest.find('"', 1);
		return {end == std::string_view::npos ? kind::unknown : kind::quoted,
			rest.substr(0, end == std::string_view::npos ? end : end + 1), at};
	}
	if (signs.find(rest[0]) != std::string_view::npos)
		return {kind::unknown, rest.substr(0, 1), at};
	const size_t end =
		std::min({rest.find_first_of(blanks), rest.find_first_of(signs), rest.size()});
	return {kind::word, rest.substr(0, end), at};
}

std::vector<token> tokens_of(std::string_view text)
{
	std::vector<token> all;
	for (size_t from = 0; all.empty() || all.back().type != kind::end;) {
		all.push_back(next_token(text, from));
		from = all.back().at + all.back().text.size();
	}
	return all;
}

std::string quote(const token &of)
{
	return of.type == kind::end ? "its end" : fmt::format("\"{}\"", of.text);
}

filter_mistake at(const token &where, const std::string &wanted)
{
	return {where.at + 1, quote(where) + " stands where " + wanted + " should"};
}

} // namespace

std::optional<filter_mistake> find_filter_mistake(std::string_view text,
						  const std::vector<std::string> &fields)
{
	enum { operand, comparison, value, after } expected = operand;
	std::vector<token> open;
	for (const auto &each : tokens_of(text)) {
		switch (expected) {
		case operand:
			if (each.type == kind::open) {
				open.push_back(each);
			} else if (each.type != kind::negation) {
				if (each.type != kind::word)
					return at(each, "a field");
				if (std::find(fields.begin(), fields.end(), each.text) ==
				    fields.end())
					return filter_mistake{each.at + 1,
							      quote(each) + " is no field"};
				expected = comparison;
			}
			break;
		case comparison:
			if (each.type == kind::word)
				return std::nullopt; // an operator that a newer module may have
			if (each.type != kind::comparison)
				return at(each, "a comparison");
			expected = value;
			break;
		case value:
			if (each.type != kind::word && each.type != kind::quoted)
				return at(each, "a value");
			expected = after;
			break;
		case after:
			if (each.type == kind::join) {
				expected = operand;
			} else if (each.type == kind::close && !open.empty()) {
				open.pop_back();
			} else if (each.type == kind::close) {
				return filter_mistake{each.at + 1, "this \")\" closes nothing"};
			} else if (each.type != kind::end) {
				return at(each, "&& or ||");
			}
			break;
		}
	}
	if (!open.empty())
		return filter_mistake{open.back().at + 1, "this \"(\" is not closed"};
	return std::nullopt;
}

std::optional<filter_mistake> find_named_value(std::string_view text)
{
	const auto all = tokens_of(text);
	for (size_t i = 1; i < all.size(); i++)
		if (all[i].type == kind::word && all[i - 1].type == kind::comparison &&
		    !std::isdigit(static_cast<unsigned char>(all[i].text[0])) &&
		    all[i].text[0] != '-')
			return filter_mistake{all[i].at + 1,
					      quote(all[i]) + " is no value of its field"};
	return std::nullopt;
}

} // namespace perfbuf::program
