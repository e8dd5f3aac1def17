// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/* The values of typed fields for people. */
#include <perfbuf/format.hpp>

#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <sys/socket.h>

namespace perfbuf::reader
{

namespace
{

std::string number_text(uint64_t value, bool is_signed)
{
	return is_signed ? std::to_string(static_cast<int64_t>(value)) : std::to_string(value);
}

std::string hexadecimal(uint64_t value)
{
	std::array<char, 16> digits{};
	const auto end = std::to_chars(digits.begin(), digits.end(), value, 16).ptr;
	return "0x" + std::string(digits.begin(), end);
}

void append_octet(std::string &to, std::byte value)
{
	constexpr const char *digits = "0123456789abcdef";
	to += digits[std::to_integer<unsigned>(value) >> 4];
	to += digits[std::to_integer<unsigned>(value) & 15];
}

std::string octets(std::span<const std::byte> bytes, char between)
{
	std::string text;
	for (const std::byte each : bytes) {
		if (!text.empty())
			text += between;
		append_octet(text, each);
	}
	return text;
}

std::string uuid_text(std::span<const std::byte> bytes)
{
	std::string text;
	for (size_t i = 0; i < bytes.size(); i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			text += '-';
		append_octet(text, bytes[i]);
	}
	return text;
}

std::string address_text(std::span<const std::byte> bytes, int family)
{
	std::array<char, INET6_ADDRSTRLEN> text{};
	return ::inet_ntop(family, bytes.data(), text.data(), text.size()) ? text.data() : "?";
}

uint64_t masked(const typed_field &field, uint64_t value)
{
	const size_t width = field.width();
	return width < sizeof(value) ? value & ((1ULL << 8 * width) - 1) : value;
}

// A name that a value has; of flags, those of its bits and what has no name.
std::string named_text(const typed_field &field, uint64_t value)
{
	uint64_t left = masked(field, value);
	std::string text;
	for (const auto &[named, name] : field.names) {
		if (!field.names_are_bits && named == left)
			return name;
		if (field.names_are_bits && named && (left & named) == named) {
			text += text.empty() ? "" : "|";
			text += name;
			left &= ~named;
		}
	}
	if (!field.names_are_bits)
		return number_text(value, field.is_signed);
	if (left) {
		text += text.empty() ? "" : "|";
		text += hexadecimal(left);
	}
	return text;
}

std::string single_text(const typed_field &field, uint64_t value)
{
	if (!field.names.empty())
		return named_text(field, value);
	if (field.form == field_form::hexadecimal || field.form == field_form::pointer)
		return hexadecimal(masked(field, value));
	return number_text(value, field.is_signed);
}

} // namespace

std::string typed_field::show(std::span<const std::byte> payload) const
{
	if (is_text())
		return std::string(text(payload));
	const auto all = bytes(payload);
	if (is_dynamic && width() == 1)
		return octets(all, ' ');
	if (!is_dynamic && all.size() != size)
		return "?";
	switch (form) {
	case field_form::ipv4:
		return address_text(all, AF_INET);
	case field_form::ipv6:
		return address_text(all, AF_INET6);
	case field_form::mac:
		return octets(all, ':');
	case field_form::uuid:
		return uuid_text(all);
	default:
		break;
	}
	std::string text;
	for (size_t at = 0; at < count(payload); at++) {
		const auto value = integer(payload, at);
		// A width that no integer has.
		if (!value)
			return octets(all, ' ');
		text += at ? " " : "";
		text += single_text(*this, *value);
	}
	return text;
}

} // namespace perfbuf::reader
