// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file What the handles of the C API are, and how its functions fail. No exception leaves it. */
#pragma once

#include <perfbuf/lookup.hpp>
#include <perfbuf/reader.h>

struct perfbuf_event_info {
	perfbuf::reader::described_event of;
};

struct perfbuf_sample {
	const perfbuf_event_info *event;
	const perfbuf::reader::sample *of;
	uint64_t time;
};

namespace perfbuf::c_api
{

/** Stores the sentence for perfbuf_error(). @return -code */
int refuse(int code, std::string text);
int refuse(const reader::error &why);
/** The same for the exception that is being handled. */
int refuse_exception() noexcept;

template <typename Call>
int guarded(Call call) noexcept
{
	try {
		return call();
	} catch (...) {
		return refuse_exception();
	}
}

} // namespace perfbuf::c_api
