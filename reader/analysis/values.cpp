// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Prints the values of typed fields, as text and as JSON.
#include "analysis/values.hpp"

#include <fmt/format.h>

#include "tracefile/show.hpp"

namespace perfbuf::analysis
{

namespace
{

using reader::typed_field;

std::string hex(std::span<const std::byte> bytes)
{
	std::string text;
	for (const std::byte each : bytes)
		text += fmt::format("{:02x}", std::to_integer<unsigned>(each));
	return text;
}

std::string number(const typed_field &field, uint64_t value)
{
	return field.is_signed ? fmt::format("{}", static_cast<int64_t>(value))
			       : fmt::format("{}", value);
}

} // namespace

std::string value_json(const typed_field &field, std::span<const std::byte> payload)
{
	if (field.is_text())
		return tracefile::json_string(field.text(payload));
	if (field.is_octets())
		return tracefile::json_string(field.show(payload));
	const auto bytes = field.bytes(payload);
	if (field.is_dynamic && (field.width() == 1 || bytes.size() % field.width()))
		return fmt::format("\"{}\"", hex(bytes));
	if (field.is_dynamic || field.elements > 1) {
		std::string text;
		for (size_t at = 0; at < field.count(payload); at++) {
			const auto value = field.integer(payload, at);
			if (!value)
				return "[]";
			text += (at ? "," : "") + number(field, *value);
		}
		return fmt::format("[{}]", text);
	}
	const auto value = field.integer(payload);
	if (!value)
		return "null";
	if (field.form == reader::field_form::boolean)
		return *value ? "true" : "false";
	return field.names.empty() ? number(field, *value)
				   : tracefile::json_string(field.show(payload));
}

std::string fields_json(const reader::typed_format &format, std::span<const std::byte> payload)
{
	std::string text = "{";
	for (const auto &field : format.fields)
		text += fmt::format("{}{}:{}", text.size() > 1 ? "," : "",
				    tracefile::json_string(field.name), value_json(field, payload));
	return text + "}";
}

std::string fields_text(const reader::typed_format &format, std::span<const std::byte> payload)
{
	std::string text;
	for (const auto &field : format.fields)
		text += fmt::format("{}{}={}", text.empty() ? "" : " ", field.name,
				    field.show(payload));
	return text;
}

} // namespace perfbuf::analysis
