// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Prints events of recorders as the kernel does.
#include "recorder/show.hpp"

#include <charconv>
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

} // namespace

// "... __print_flags(REC->flags, "|", { 1, "busy" }, { 2, "late" }), REC->..."
printer::shown_field printer::parse(const reader::typed_field &of, std::string_view print)
{
	shown_field made;
	made.hex = print.find(" " + of.name + "=0x%") != std::string_view::npos ||
		   print.find("\"" + of.name + "=0x%") != std::string_view::npos;
	for (const bool flags : {true, false}) {
		const std::string call = fmt::format(
			"{}(REC->{},", flags ? "__print_flags" : "__print_symbolic", of.name);
		const size_t begin = print.find(call);
		if (begin == std::string_view::npos)
			continue;
		made.flags = flags;
		std::string_view rest = print.substr(begin + call.size());
		for (;;) {
			const size_t open = rest.find("{ ");
			// Another call begins before the next name.
			if (open == std::string_view::npos || rest.find(", __print") < open ||
			    rest.find(", REC->") < open)
				break;
			rest.remove_prefix(open + 2);
			value_name name{};
			const auto [end, bad] =
				std::from_chars(rest.data(), rest.data() + rest.size(), name.value);
			rest.remove_prefix(static_cast<size_t>(end - rest.data()));
			if (bad != std::errc() || !rest.starts_with(", \""))
				break;
			rest.remove_prefix(3);
			const size_t quote = rest.find('"');
			if (quote == std::string_view::npos)
				break;
			name.name = rest.substr(0, quote);
			rest.remove_prefix(quote);
			made.names.push_back(std::move(name));
		}
	}
	return made;
}

const printer::shown_event &printer::shown(const described_event &of)
{
	const auto [at, is_new] = seen_.try_emplace(&of);
	if (is_new) {
		const std::string_view text = of.text;
		const size_t print = text.find("\nprint fmt:");
		for (const auto &field : of.format.fields)
			at->second.push_back(parse(
				field, print == std::string_view::npos ? "" : text.substr(print)));
	}
	return at->second;
}

std::string printer::value(const reader::typed_field &of, const shown_field &as,
			   std::span<const std::byte> payload)
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
	if (as.hex)
		return fmt::format("{:#x}", left & mask);
	if (as.names.empty())
		return number(left, of.is_signed);
	std::string made;
	if (!as.flags) {
		for (const auto &each : as.names)
			if ((each.value & mask) == (left & mask))
				return each.name;
		return number(left, of.is_signed);
	}
	left &= mask;
	for (const auto &each : as.names) {
		const uint64_t bits = each.value & mask;
		if (!bits || (left & bits) != bits)
			continue;
		made += (made.empty() ? "" : "|") + each.name;
		left &= ~bits;
	}
	if (left || made.empty())
		made += fmt::format("{}{:#x}", made.empty() ? "" : "|", left);
	return made;
}

std::string printer::line(const std::string &source, const recorded_event &of)
{
	const auto &fields = of.event->format.fields;
	const shown_event &as = shown(*of.event);
	std::string made =
		fmt::format("{}.{:09} cpu {} tid {} {}:{}", of.time / second, of.time % second,
			    of.cpu, static_cast<int32_t>(of.tid), source, of.event->format.name);
	for (size_t at = 0; at < fields.size(); at++)
		made += fmt::format(" {}={}", fields[at].name,
				    value(fields[at], as[at], of.payload));
	return made;
}

} // namespace perfbuf::recorder
