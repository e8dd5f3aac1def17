// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
#pragma once

#include <linux/perf_event.h>
#include <perfbuf/sample.hpp>

#include "field_reader.hpp"

namespace perfbuf::reader
{

/** @return false if the body is too short for what it claims to hold */
bool decode_sample_fields(field_reader &fields, const perf_event_attr &attr, sample &out) noexcept;

} // namespace perfbuf::reader
