// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/**
 * @file
 * The fields of a typed event, out of the text of /sys/class/perfbuf/<source>/events/<event>/format
 * (as tracefs has it), and their values in a payload (sample::raw).
 */
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <perfbuf/result.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perfbuf::reader
{

/** How the bytes of a field are to be read. */
enum class field_form {
	plain,	     /**< as its type says */
	hexadecimal, /**< an integer */
	boolean,     /**< with the names "false" and "true" */
	pointer,     /**< of the kernel; a hash for readers without CAP_PERFMON */
	ipv4,	     /**< this and the following are bytes in the order of the network */
	ipv6,
	mac,
	uuid,
};

struct typed_field {
	std::string name;
	std::string type;    /**< of an element: "u32", "char", "bool", "void *" */
	size_t offset = 0;   /**< in the payload */
	size_t size = 0;     /**< bytes of the whole field */
	size_t elements = 1; /**< of an array */
	bool is_signed = false;
	bool is_dynamic = false; /**< the payload says where its bytes stand (__data_loc) */
	/** Of an enumeration or of flags, what its values or bits are called; masked to its size.
	 */
	std::vector<std::pair<uint64_t, std::string>> names;
	bool names_are_bits = false;
	field_form form = field_form::plain;

	/** Is it text? */
	bool is_text() const noexcept { return type == "char"; }
	/** Is it an address or a UUID, which is one value of several bytes? */
	bool is_octets() const noexcept { return form >= field_form::ipv4; }
	/** Bytes of an element, also where the payload says how many there are. */
	size_t width() const noexcept;
	/** How many elements there are in a payload; of a field that is no array 1. */
	size_t count(std::span<const std::byte> payload) const noexcept;

	/** @return an element, sign extended; nothing if the payload is too short or it is none.
	 * The elements of a dynamic array are there, too. */
	std::optional<uint64_t> integer(std::span<const std::byte> payload,
					size_t element = 0) const noexcept;

	/** @return its bytes; empty if they are not in the payload */
	std::span<const std::byte> bytes(std::span<const std::byte> payload) const noexcept;

	/** @return the same up to the first NUL, as text */
	std::string_view text(std::span<const std::byte> payload) const noexcept;

	/**
	 * @return the value for people: "3", "0x1f", "busy|error", "true", "10.0.0.1", "1 2 3",
	 * "text"; bytes are "00 7f ff"; "?" if it is not in the payload
	 */
	std::string show(std::span<const std::byte> payload) const;
};

struct typed_format {
	std::string name;
	uint64_t id = 0;
	std::vector<typed_field> fields; /**< without those that every event has (common_) */

	/** @return the field, or nullptr */
	const typed_field *find(std::string_view field) const noexcept;
};

/** Errors: EINVAL, a text that makes no sense. */
result<typed_format> parse_format(std::string_view text);

} // namespace perfbuf::reader
