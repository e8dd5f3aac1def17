// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Parses the text of a format file into fields.
#include <perfbuf/format.hpp>

#include <bit>
#include <cctype>
#include <charconv>
#include <cstring>
#include <map>

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

bool is_of_identifier(char character)
{
	return std::isalnum(static_cast<unsigned char>(character)) || character == '_';
}

// As split_off(), at a separator that is in no quotes.
std::string_view split_off_unquoted(std::string_view &from, char separator)
{
	bool quoted = false;
	size_t end = 0;
	for (; end < from.size() && (quoted || from[end] != separator); end++) {
		if (from[end] == '"')
			quoted = !quoted;
		else if (from[end] == '\\')
			end++;
	}
	end = std::min(end, from.size());
	const auto front = from.substr(0, end);
	from.remove_prefix(std::min(end + 1, from.size()));
	return front;
}

// "1", "0x10" or "0x10UL". The kernel's own formats compute some, which are none.
bool parse_value(std::string_view text, uint64_t &value)
{
	const bool hex = text.starts_with("0x");
	text.remove_prefix(hex ? 2 : 0);
	text = text.substr(0, text.find_last_not_of("uUlL") + 1);
	const char *end = text.data() + text.size();
	const auto [stop, bad] = std::from_chars(text.data(), end, value, hex ? 16 : 10);
	return bad == std::errc() && stop == end;
}

// The line `print fmt:`, read once for all fields: both may be long.
class print_line
{
public:
	explicit print_line(std::string_view line) : left_(line.size())
	{
		find_calls(line);
		const size_t begin = line.find('"');
		if (begin != std::string_view::npos)
			find_directives(
				line.substr(begin + 1, line.find("\", ", begin) - begin - 1));
	}

	// Of `__print_symbolic(REC->state, { 255, "none" }, { 0, "idle" })` and
	// `__print_flags(...)` the names. A value that is no number has none.
	// @return false: the calls of several fields share text
	bool take_names(typed_field &field)
	{
		const auto found = calls_.find(field.name);
		if (found == calls_.end())
			return true;
		field.names_are_bits = found->second.of_bits;
		const uint64_t mask =
			field.size < sizeof(uint64_t) ? (1ULL << 8 * field.size) - 1 : UINT64_MAX;
		// Each call has text of its own: together they fit into the line.
		std::string_view behind = found->second.arguments.substr(0, left_ + 1);
		std::string_view items = split_off_unquoted(behind, ')');
		if (items.size() > left_)
			return false;
		left_ -= items.size();
		while (!items.empty()) {
			split_off_unquoted(items, '{');
			std::string_view item = split_off_unquoted(items, '}');
			const std::string_view number = trimmed(split_off(item, ','));
			const std::string_view quoted = trimmed(item);
			uint64_t value = 0;
			if (!parse_value(number, value) || quoted.size() < 2 ||
			    quoted.front() != '"' || quoted.back() != '"')
				continue;
			field.names.emplace_back(value & mask, quoted.substr(1, quoted.size() - 2));
		}
		return true;
	}

	// Of `print fmt: "queue=%u from=%pI4"` the directive gives the form of the bytes.
	void take_form(typed_field &field) const
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
		else if (const auto found = directives_.find(field.name);
			 found != directives_.end()) {
			for (const auto &[directive, form] : forms)
				if (found->second == directive)
					field.form = form;
		}
		static constexpr size_t bytes_of[] = {4, 16, 6, 16};
		if (field.is_octets() &&
		    (field.is_dynamic ||
		     field.size != bytes_of[static_cast<size_t>(field.form) -
					    static_cast<size_t>(field_form::ipv4)]))
			field.form = field_form::plain;
	}

private:
	struct call {
		bool of_bits;
		std::string_view arguments; // and all that follows them
	};

	void find_calls(std::string_view line)
	{
		constexpr std::string_view start = "(REC->";
		for (size_t at = 0; (at = line.find(start, at)) != std::string_view::npos;) {
			const std::string_view before = line.substr(0, at);
			const size_t begin = at += start.size();
			while (at < line.size() && is_of_identifier(line[at]))
				at++;
			const bool of_bits = before.ends_with("__print_flags");
			if (line.substr(at).starts_with(',') &&
			    (of_bits || before.ends_with("__print_symbolic")))
				calls_.try_emplace(line.substr(begin, at - begin),
						   call{of_bits, line.substr(at + 1)});
		}
	}

	void find_directives(std::string_view text)
	{
		while (!text.empty()) {
			std::string_view word = split_off(text, ' ');
			const size_t equals = word.find('=');
			if (equals != std::string_view::npos)
				directives_.try_emplace(word.substr(0, equals),
							word.substr(equals + 1));
		}
	}

	std::map<std::string_view, call> calls_;
	std::map<std::string_view, std::string_view> directives_;
	size_t left_; // of the line, for calls
};

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
	// The size of a record has 16 bits, so the kernel has no larger payloads.
	constexpr size_t most = UINT16_MAX;
	size_t fields_size = 0;
	typed_format format;
	bool has_id = false;
	while (!text.empty()) {
		const std::string_view line = trimmed(split_off(text, '\n'));
		if (line.starts_with("name:"))
			format.name = trimmed(line.substr(5));
		else if (line.starts_with("ID:"))
			has_id = parse_number(trimmed(line.substr(3)), format.id);
		else if (line.starts_with("print fmt:")) {
			print_line print(line);
			for (auto &field : format.fields) {
				if (!print.take_names(field))
					return system_error("fields of an event share the names of "
							    "their values",
							    EINVAL);
				print.take_form(field);
			}
			break;
		}
		if (!line.starts_with("field:"))
			continue;
		typed_field field;
		if (!parse_field(line, field))
			return system_error("no field of an event: " + std::string(line), EINVAL);
		if (field.size > most - fields_size || field.offset > most - field.size)
			return system_error("a field of an event is larger than any record: " +
						    std::string(line),
					    EINVAL);
		fields_size += field.size;
		if (!field.name.starts_with("common_"))
			format.fields.push_back(std::move(field));
	}
	if (format.name.empty() || !has_id)
		return system_error("the format of an event has no name or no id", EINVAL);
	return format;
}

} // namespace perfbuf::reader
