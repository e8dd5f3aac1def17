// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file The values of typed fields, for people and as JSON. */
#pragma once

#include <cstddef>
#include <perfbuf/format.hpp>
#include <span>
#include <string>
#include <string_view>

namespace perfbuf::analysis
{

/** @return the value as JSON: a number, a string, true or false, an array of numbers; an address is
 * a string as people write it, bytes are a string of hexadecimal digits; null if it is not in the
 * payload */
std::string value_json(const reader::typed_field &field, std::span<const std::byte> payload);

/** @return "{"field":value,...}" of all fields */
std::string fields_json(const reader::typed_format &format, std::span<const std::byte> payload);

/** @return "field=value field=value" */
std::string fields_text(const reader::typed_format &format, std::span<const std::byte> payload);

} // namespace perfbuf::analysis
