// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Parses the text of a format file into fields.
#include <perfbuf/format.hpp>

#include <bit>
#include <charconv>
#include <cstring>

namespace perfbuf::reader
{

namespace
{

std::string_view trimmed(std::string_view text)
{
	constexpr std::string_view blanks = " \t\r";
	const size_t begin = text.find_first_not_of(blanks);
	if (begin == std::string_view::npos)
		return {};
	return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

// Up to the separator, which goes too.
std::string_view split_off(std::string_view &from, char separator)
{
	const size_t end = std::min(from.find(separator), from.size());
	const auto front = from.substr(0, end);
	from.remove_prefix(std::min(end + 1, from.size()));
	return front;
}

template <typename T>
bool parse_number(std::string_view text, T &value)
{
	const char *end = text.data() + text.size();
	const auto [stop, bad] = std::from_chars(text.data(), end, value);
	return bad == std::errc() && stop == end && !text.empty();
}

// "offset:8" and its like.
bool parse_item(std::string_view &line, std::string_view key, size_t &value)
{
	std::string_view item = split_off(line, ';');
	return trimmed(split_off(item, ':')) == key && parse_number(trimmed(item), value);
}

// "__data_loc char[] message", "u16 lanes[4]"
bool parse_declaration(std::string_view text, typed_field &field)
{
	constexpr std::string_view dynamic = "__data_loc ";
	if (text.starts_with(dynamic)) {
		field.is_dynamic = true;
		text.remove_prefix(dynamic.size());
	}
	const size_t space = text.rfind(' ');
	if (space == std::string_view::npos)
		return false;
	std::string_view name = text.substr(space + 1);
	std::string_view type = trimmed(text.substr(0, space));
	if (type.ends_with("[]"))
		type.remove_suffix(2);
	if (const size_t bracket = name.find('['); bracket != std::string_view::npos) {
		std::string_view count = name.substr(bracket + 1);
		if (!count.ends_with(']'))
			return false;
		count.remove_suffix(1);
		if (!parse_number(count, field.elements) || !field.elements)
			return false;
		name = name.substr(0, bracket);
	}
	field.name = name;
	field.type = type;
	return !name.empty() && !type.empty();
}

// "field:u32 queue;	offset:8;	size:4;	signed:0;"
bool parse_field(std::string_view line, typed_field &field)
{
	std::string_view declaration = split_off(line, ';');
	split_off(declaration, ':');
	size_t is_signed = 0;
	if (!parse_declaration(trimmed(declaration), field) ||
	    !parse_item(line, "offset", field.offset) || !parse_item(line, "size", field.size) ||
	    !parse_item(line, "signed", is_signed))
		return false;
	field.is_signed = is_signed;
	return field.size && field.size % field.elements == 0 &&
	       (!field.is_dynamic || field.size == sizeof(uint32_t));
}

// A number of n bytes, in the machine's order.
uint64_t load(const std::byte *from, size_t bytes, bool is_signed)
{
	uint64_t value = 0;
	auto *to = reinterpret_cast<std::byte *>(&value);
	std::memcpy(std::endian::native == std::endian::big ? to + sizeof(value) - bytes : to, from,
		    bytes);
	const unsigned unused = 64 - 8 * static_cast<unsigned>(bytes);
	value <<= unused;
	return is_signed ? static_cast<uint64_t>(static_cast<int64_t>(value) >> unused)
			 : value >> unused;
}

// Of `__print_symbolic(REC->state, { 255, "none" }, { 0, "idle" })` and `__print_flags(...)` the
// names. What is no number is left out: the kernel's own formats compute some.
void take_names(std::string_view from, typed_field &field)
{
	const std::string target = "(REC->" + field.name + ",";
	const size_t at = from.find(target);
	if (at == std::string_view::npos)
		return;
	const std::string_view before = from.substr(0, at);
	field.names_are_bits = before.ends_with("__print_flags");
	if (!field.names_are_bits && !before.ends_with("__print_symbolic"))
		return;
	from.remove_prefix(at + target.size());
	const uint64_t mask =
		field.size < sizeof(uint64_t) ? (1ULL << 8 * field.size) - 1 : UINT64_MAX;
	// Up to the parenthesis that closes it; none stands in a name.
	from = from.substr(0, from.find(')'));
	for (size_t open; (open = from.find('{')) != std::string_view::npos;) {
		from.remove_prefix(open + 1);
		std::string_view item = split_off(from, '}');
		const std::string_view number = trimmed(split_off(item, ','));
		const std::string_view quoted = trimmed(item);
		uint64_t value = 0;
		const bool hex = number.starts_with("0x");
		const char *end = number.data() + number.size();
		const auto [stop, bad] =
			std::from_chars(number.data() + (hex ? 2 : 0), end, value, hex ? 16 : 10);
		if (bad != std::errc() || quoted.size() < 2 || quoted.front() != '"' ||
		    quoted.back() != '"')
			continue;
		field.names.emplace_back(value & mask, quoted.substr(1, quoted.size() - 2));
	}
}

// Of `print fmt: "queue=%u from=%pI4"` the directive says what its bytes are.
void take_form(std::string_view print, typed_field &field)
{
	static constexpr std::pair<std::string_view, field_form> forms[] = {
		{"%pI4", field_form::ipv4},	   {"%pI6c", field_form::ipv6},
		{"%pI6", field_form::ipv6},	   {"%pM", field_form::mac},
		{"%pUb", field_form::uuid},	   {"%pU", field_form::uuid},
		{"0x%x", field_form::hexadecimal}, {"0x%llx", field_form::hexadecimal}};
	if (field.type == "bool")
		field.form = field_form::boolean;
	else if (field.type == "void *")
		field.form = field_form::pointer;
	else if (const size_t begin = print.find('"'); begin != std::string_view::npos) {
		print = print.substr(begin, print.find("\", ", begin) - begin);
		const std::string key = field.name + "=";
		size_t at = 0;
		do
			at = print.find(key, at + 1);
		while (at != std::string_view::npos && print[at - 1] != ' ' && at != 1);
		if (at == std::string_view::npos)
			return;
		const std::string_view rest = print.substr(at + key.size());
		for (const auto &[directive, form] : forms)
			if (rest.substr(0, rest.find(' ')) == directive)
				field.form = form;
	}
	static constexpr size_t bytes_of[] = {4, 16, 6, 16};
	if (field.is_octets() &&
	    (field.is_dynamic || field.size != bytes_of[static_cast<size_t>(field.form) -
							static_cast<size_t>(field_form::ipv4)]))
		field.form = field_form::plain;
}

} // namespace

size_t typed_field::width() const noexcept
{
	if (!is_dynamic)
		return size / elements;
	// The kernel's own formats have unsigned long, __u8 and others.
	const std::string_view of(type);
	return of.ends_with("64") || of.find("long") != of.npos ? 8
	       : of.ends_with("32") || of.ends_with("int")	? 4
	       : of.ends_with("16") || of.ends_with("short")	? 2
								: 1;
}

size_t typed_field::count(std::span<const std::byte> payload) const noexcept
{
	return is_dynamic ? bytes(payload).size() / width() : elements;
}

std::span<const std::byte> typed_field::bytes(std::span<const std::byte> payload) const noexcept
{
	if (offset > payload.size() || size > payload.size() - offset)
		return {};
	if (!is_dynamic)
		return payload.subspan(offset, size);
	const uint64_t place = load(payload.data() + offset, sizeof(uint32_t), false);
	const size_t at = place & 0xffff;
	const size_t count = place >> 16;
	if (at > payload.size() || count > payload.size() - at)
		return {};
	return payload.subspan(at, count);
}

std::optional<uint64_t> typed_field::integer(std::span<const std::byte> payload,
					     size_t element) const noexcept
{
	const auto all = bytes(payload);
	const size_t bytes = width();
	if ((is_dynamic && is_text()) || element >= count(payload) ||
	    all.size() < (element + 1) * bytes || !std::has_single_bit(bytes) ||
	    bytes > sizeof(uint64_t))
		return std::nullopt;
	return load(all.data() + element * bytes, bytes, is_signed);
}

std::string_view typed_field::text(std::span<const std::byte> payload) const noexcept
{
	const auto all = bytes(payload);
	const std::string_view text(reinterpret_cast<const char *>(all.data()), all.size());
	return text.substr(0, text.find('\0'));
}

const typed_field *typed_format::find(std::string_view field) const noexcept
{
	for (const auto &each : fields)
		if (each.name == field)
			return &each;
	return nullptr;
}

result<typed_format> parse_format(std::string_view text)
{
	typed_format format;
	bool has_id = false;
	while (!text.empty()) {
		const std::string_view line = trimmed(split_off(text, '\n'));
		if (line.starts_with("name:"))
			format.name = trimmed(line.substr(5));
		else if (line.starts_with("ID:"))
			has_id = parse_number(trimmed(line.substr(3)), format.id);
		else if (line.starts_with("print fmt:")) {
			for (auto &field : format.fields) {
				take_names(line, field);
				take_form(line, field);
			}
			break;
		}
		if (!line.starts_with("field:"))
			continue;
		typed_field field;
		if (!parse_field(line, field))
			return system_error("no field of an event: " + std::string(line), EINVAL);
		if (!field.name.starts_with("common_"))
			format.fields.push_back(std::move(field));
	}
	if (format.name.empty() || !has_id)
		return system_error("the format of an event has no name or no id", EINVAL);
	return format;
}

} // namespace perfbuf::reader
