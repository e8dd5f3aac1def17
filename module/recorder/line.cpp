// SPDX-License-Identifier: GPL-2.0
/* Formats an event of a recorder as a line of the kernel's log. Any context, without allocations.
 */
#include "recorder/line.hpp"
#include "device/text.hpp"
#include "producer/format.hpp"
#include "producer/pointers.hpp"

namespace perfbuf
{

namespace
{

/* More of an array, a string or bytes is not printed. */
constexpr u32 elements_max = 32;
constexpr u32 text_max = 128;

/* A text that may hold anything. */
class line_writer
{
public:
	explicit line_writer(text_writer &out) noexcept : out_(out) {}

	void string(const char *from) noexcept { out_.string(from); }
	void decimal(u64 value) noexcept { out_.decimal(value); }

	void hex(u64 value, u32 least_digits = 1) noexcept
	{
		char digits[17];
		u32 n = 16;

		digits[16] = 0;
		do {
			digits[--n] = "0123456789abcdef"[value & 15];
			value >>= 4;
		} while (value || 16 - n < least_digits);
		out_.string(&digits[n]);
	}

	void printable(char character) noexcept
	{
		const char text[2] = {character < ' ' || character > '~' ? '.' : character, 0};

		out_.string(text);
	}

	void number(u64 value, bool is_signed) noexcept
	{
		if (is_signed && static_cast<s64>(value) < 0) {
			out_.string("-");
			value = 0 - value;
		}
		out_.decimal(value);
	}

private:
	text_writer &out_;
};

/* The payload of a record in a ring. */
class recorded_payload
{
public:
	recorded_payload(const ring_walk &walk, const recorded &of) noexcept
		: walk_(walk), at_(of.position + ring_walk::payload_at), bytes_(of.payload_bytes)
	{
	}

	/* Zeros where there is nothing. */
	u64 integer(u32 offset, u32 bytes, bool is_signed) const noexcept
	{
		u64 value = 0;
		const u32 unused = 64 - 8 * bytes;

		if (offset > bytes_ || bytes > bytes_ - offset)
			return 0;
		walk_.copy(&value, at_ + offset, bytes);
		value <<= unused;
		return is_signed ? static_cast<u64>(static_cast<s64>(value) >> unused)
				 : value >> unused;
	}

private:
	const ring_walk &walk_;
	u64 at_;
	u32 bytes_;
};

void write_names(line_writer &out, const perfbuf_field &of, u64 value) noexcept
{
	const u64 mask = ~u64{0} >> (64 - 8 * of.bytes);
	const char *between = "";

	if (of.kind == PERFBUF_KIND_ENUM) {
		for (const perfbuf_name *name = of.names; name->name; name++) {
			if ((name->value & mask) == (value & mask))
				return out.string(name->name);
		}
		return out.number(value, of.is_signed);
	}
	value &= mask;
	for (const perfbuf_name *name = of.names; name->name; name++) {
		const u64 bits = name->value & mask;

		if (!bits || (value & bits) != bits)
			continue;
		out.string(between);
		out.string(name->name);
		between = "|";
		value &= ~bits;
	}
	if (value || !*between) {
		out.string(between);
		out.string("0x");
		out.hex(value);
	}
}

/* @bytes of the payload, in hexadecimal, with @between after each @group of them. */
void write_octets(line_writer &out, const perfbuf_field &of, const recorded_payload &payload,
		  const char *between, u32 group) noexcept
{
	for (u32 i = 0; i < of.bytes; i++) {
		out.string(i && i % group == 0 ? between : "");
		out.hex(payload.integer(of.offset + i, 1, false), 2);
	}
}

/* Of 8-4-4-4-12 digits. */
void write_uuid(line_writer &out, const perfbuf_field &of, const recorded_payload &payload) noexcept
{
	for (u32 i = 0; i < of.bytes; i++) {
		out.string(i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "");
		out.hex(payload.integer(of.offset + i, 1, false), 2);
	}
}

void write_integers(line_writer &out, const recorded_payload &payload, u32 at, u32 count, u32 width,
		    bool is_signed) noexcept
{
	out.string("{");
	for (u32 i = 0; i < cxxrt::min(count, elements_max); i++) {
		out.string(i ? "," : "");
		out.number(payload.integer(at + i * width, width, is_signed), is_signed);
	}
	out.string(count > elements_max ? ",...}" : "}");
}

void write_field(line_writer &out, const perfbuf_field &of,
		 const recorded_payload &payload) noexcept
{
	switch (of.kind) {
	case PERFBUF_KIND_HEX:
		out.string("0x");
		return out.hex(payload.integer(of.offset, of.bytes, false));
	case PERFBUF_KIND_FLAGS:
	case PERFBUF_KIND_ENUM:
		return write_names(out, of, payload.integer(of.offset, of.bytes, of.is_signed));
	case PERFBUF_KIND_ARRAY:
		return write_integers(out, payload, of.offset, of.elements, of.bytes / of.elements,
				      of.is_signed);
	case PERFBUF_KIND_DYNAMIC_ARRAY: {
		const u64 where = payload.integer(of.offset, of.bytes, false);
		const u32 width = integer_bytes(of.type);

		return write_integers(out, payload, where & 0xffff,
				      static_cast<u32>(where >> 16) / width, width, of.is_signed);
	}
	case PERFBUF_KIND_BOOL:
		return out.string(payload.integer(of.offset, 1, false) ? "true" : "false");
	/* The log is for more readers than those with CAP_PERFMON. */
	case PERFBUF_KIND_POINTER:
		out.string("0x");
		return out.hex(
			hidden_pointers::hash_of(payload.integer(of.offset, sizeof(u64), false)));
	case PERFBUF_KIND_IPV4:
		for (u32 i = 0; i < of.bytes; i++) {
			out.string(i ? "." : "");
			out.decimal(payload.integer(of.offset + i, 1, false));
		}
		return;
	case PERFBUF_KIND_IPV6:
		return write_octets(out, of, payload, ":", 2);
	case PERFBUF_KIND_MAC:
		return write_octets(out, of, payload, ":", 1);
	case PERFBUF_KIND_UUID:
		return write_uuid(out, of, payload);
	case PERFBUF_KIND_CHARS:
	case PERFBUF_KIND_STRING: {
		u32 at = of.offset;
		u32 bytes = of.bytes;

		if (of.kind == PERFBUF_KIND_STRING) {
			const u64 where = payload.integer(of.offset, of.bytes, false);

			at = where & 0xffff;
			bytes = static_cast<u32>(where >> 16);
		}
		for (u32 i = 0; i < cxxrt::min(bytes, text_max); i++) {
			const char character = static_cast<char>(payload.integer(at + i, 1, false));

			if (!character)
				return;
			out.printable(character);
		}
		return;
	}
	case PERFBUF_KIND_BYTES: {
		const u64 where = payload.integer(of.offset, of.bytes, false);
		const u32 bytes = static_cast<u32>(where >> 16);

		for (u32 i = 0; i < cxxrt::min(bytes, elements_max); i++)
			out.hex(payload.integer((where & 0xffff) + i, 1, false), 2);
		return out.string(bytes > elements_max ? "..." : "");
	}
	}
	out.number(payload.integer(of.offset, of.bytes, of.is_signed), of.is_signed);
}

} // namespace

void write_line(const recorder &of, const recorder_cpu &cpu, const recorded &record,
		char (&line)[recorded_line_bytes]) noexcept
{
	constexpr u64 second = 1000000000;
	const ring_walk walk(of, cpu);
	const recorded_payload payload(walk, record);
	const perfbuf_layout &layout = record.event->layout.get();
	text_writer text(line, sizeof(line) - 1);
	line_writer out(text);

	out.decimal(record.time / second);
	out.string(".");
	for (u64 digit = second / 10; digit; digit /= 10)
		out.decimal(record.time / digit % 10);
	out.string(" cpu ");
	out.decimal(cpu.cpu);
	out.string(" tid ");
	out.number(static_cast<u64>(static_cast<s64>(static_cast<s32>(record.tid))), true);
	out.string(" ");
	out.string(of.source());
	out.string(":");
	out.string(record.event->name);
	for (u32 i = 0; i < layout.field_count; i++) {
		out.string(" ");
		out.string(layout.fields[i].name);
		out.string("=");
		write_field(out, layout.fields[i], payload);
	}
	line[text.bytes()] = 0;
}

} // namespace perfbuf
