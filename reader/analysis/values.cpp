// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
#include "analysis/values.hpp"

#include <fmt/format.h>

#include "tracefile/show.hpp"

namespace perfbuf::analysis
{

namespace
{

using reader::typed_field;

std::string number_text(const typed_field &field, uint64_t value)
{
	return field.is_signed ? fmt::format("{}", static_cast<int64_t>(value))
			       : fmt::format("{}", value);
}

// A name that a value has; of flags, those of its bits and what has no name.
std::string named_text(const typed_field &field, uint64_t value)
{
	const size_t width = field.size / field.elements;
	uint64_t left = width < sizeof(value) ? value & ((1ULL << 8 * width) - 1) : value;
	std::string text;
	for (const auto &[named, name] : field.names) {
		if (!field.names_are_bits && named == left)
			return name;
		if (field.names_are_bits && named && (left & named) == named) {
			text += (text.empty() ? "" : "|") + name;
			left &= ~named;
		}
	}
	if (!field.names_are_bits)
		return number_text(field, value);
	if (left)
		text += fmt::format("{}{:#x}", text.empty() ? "" : "|", left);
	return text;
}

std::string hex(std::span<const std::byte> bytes, const char *between)
{
	std::string text;
	for (const std::byte each : bytes)
		text += fmt::format("{}{:02x}", text.empty() ? "" : between,
				    std::to_integer<unsigned>(each));
	return text;
}

// An array whose length the payload says, of u8 to u64.
size_t element_size(const typed_field &field)
{
	if (field.type.ends_with("64"))
		return 8;
	if (field.type.ends_with("32"))
		return 4;
	return field.type.ends_with("16") ? 2 : 1;
}

bool is_numeric(const typed_field &field)
{
	return !field.is_dynamic && !field.is_text();
}

std::string numbers(const typed_field &field, std::span<const std::byte> payload,
		    const char *between)
{
	std::string text;
	for (size_t at = 0; at < field.elements; at++) {
		const auto value = field.integer(payload, at);
		if (!value)
			return {};
		text += (at ? between : "") + number_text(field, *value);
	}
	return text;
}

} // namespace

std::string value_text(const typed_field &field, std::span<const std::byte> payload)
{
	if (field.is_text())
		return std::string(field.text(payload));
	if (!is_numeric(field))
		return hex(field.bytes(payload), " ");
	if (field.elements > 1)
		return numbers(field, payload, " ");
	const auto value = field.integer(payload);
	if (!value)
		return "?";
	return field.names.empty() ? number_text(field, *value) : named_text(field, *value);
}

std::string value_json(const typed_field &field, std::span<const std::byte> payload)
{
	if (field.is_text())
		return tracefile::json_string(field.text(payload));
	if (!is_numeric(field)) {
		const auto bytes = field.bytes(payload);
		const size_t width = element_size(field);
		if (width == 1 || bytes.size() % width)
			return fmt::format("\"{}\"", hex(bytes, ""));
		// As if the array stood alone in a payload of its own.
		typed_field fixed = field;
		fixed.is_dynamic = false;
		fixed.offset = 0;
		fixed.size = bytes.size();
		fixed.elements = std::max<size_t>(bytes.size() / width, 1);
		return fmt::format("[{}]", bytes.empty() ? "" : numbers(fixed, bytes, ","));
	}
	if (field.elements > 1)
		return fmt::format("[{}]", numbers(field, payload, ","));
	const auto value = field.integer(payload);
	if (!value)
		return "null";
	return field.names.empty() ? number_text(field, *value)
				   : tracefile::json_string(named_text(field, *value));
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
				    value_text(field, payload));
	return text;
}

} // namespace perfbuf::analysis
