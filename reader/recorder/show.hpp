// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file Events of recorders as text: the line that the kernel prints at a panic. */
#pragma once

#include <map>
#include <string>

#include "recorder/rings.hpp"

namespace perfbuf::recorder
{

class printer
{
public:
	/** "12.000345678 cpu 1 tid 4242 mydev:tick queue=3 state=busy" */
	std::string line(const std::string &source, const recorded_event &of);

private:
	struct value_name {
		uint64_t value;
		std::string name;
	};
	struct shown_field {
		bool hex = false;
		bool flags = false;
		std::vector<value_name> names;
	};
	using shown_event = std::vector<shown_field>;

	const shown_event &shown(const described_event &of);
	static shown_field parse(const reader::typed_field &of, std::string_view print);
	static std::string value(const reader::typed_field &of, const shown_field &as,
				 std::span<const std::byte> payload);

	std::map<const described_event *, shown_event> seen_;
};

} // namespace perfbuf::recorder
