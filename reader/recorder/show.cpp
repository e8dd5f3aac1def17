// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Prints events of recorders as the kernel does.
#include "recorder/show.hpp"

#include <fmt/format.h>

namespace perfbuf::recorder
{

namespace
{

constexpr uint64_t second = 1'000'000'000;

// As the kernel's line has it: module/recorder/line.cpp.
constexpr size_t elements_max = 32;
constexpr size_t text_max = 128;

std::string number(uint64_t value, bool is_signed)
{
	return is_signed ? fmt::format("{}", static_cast<int64_t>(value))
			 : fmt::format("{}", value);
}

uint64_t mask_of(const reader::typed_field &of)
{
	return of.size >= sizeof(uint64_t) ? ~uint64_t{0} : (uint64_t{1} << 8 * of.size) - 1;
}

std::string printable(std::string_view text)
{
	std::string made(text.substr(0, text_max));
	for (char &character : made)
		if (character < ' ' || character > '~')
			character = '.';
	return made;
}

std::string value(const reader::typed_field &of, std::span<const std::byte> payload)
{
	if (of.type == "char")
		return printable(of.text(payload));
	if (of.is_octets() || of.form == reader::field_form::pointer)
		return of.show(payload);
	if (of.is_dynamic && of.width() == 1) {
		std::string made;
		const auto bytes = of.bytes(payload);
		for (const std::byte byte : bytes.first(std::min(bytes.size(), elements_max)))
			made += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
		return made + (bytes.size() > elements_max ? "..." : "");
	}
	if (of.is_dynamic || of.elements > 1) {
		const size_t count = of.count(payload);
		std::string made = "{";
		for (size_t at = 0; at < std::min(count, elements_max); at++) {
			made += at ? "," : "";
			made += number(of.integer(payload, at).value_or(0), of.is_signed);
		}
		return made + (count > elements_max ? ",...}" : "}");
	}
	uint64_t left = of.integer(payload).value_or(0);
	const uint64_t mask = mask_of(of);
	if (of.form == reader::field_form::hexadecimal)
		return fmt::format("{:#x}", left & mask);
	if (of.names.empty())
		return number(left, of.is_signed);
	std::string made;
	if (!of.names_are_bits) {
		for (const auto &[named, name] : of.names)
			if (named == (left & mask))
				return name;
		return number(left, of.is_signed);
	}
	left &= mask;
	for (const auto &[bits, name] : of.names) {
		if (!bits || (left & bits) != bits)
			continue;
		made += (made.empty() ? "" : "|") + name;
		left &= ~bits;
	}
	if (left || made.empty())
		made += fmt::format("{}{:#x}", made.empty() ? "" : "|", left);
	return made;
}

} // namespace

std::string line_of(const std::string &source, const recorded_event &of)
{
	std::string made =
		fmt::format("{}.{:09} cpu {} tid {} {}:{}", of.time / second, of.time % second,
			    of.cpu, static_cast<int32_t>(of.tid), source, of.event->format.name);
	for (const auto &field : of.event->format.fields)
		made += fmt::format(" {}={}", field.name, value(field, of.payload));
	return made;
}

} // namespace perfbuf::recorder
