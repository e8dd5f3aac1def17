/* SPDX-License-Identifier: GPL-2.0 */
/* The list of recorders, in place of module/recorder/registry.hpp. */
#pragma once

#include "recorder/recorder.hpp"

namespace perfbuf
{

struct recorders {
	recorder *first() const noexcept { return newest; }
	recorder *newest = nullptr;
};

recorders &the_recorders() noexcept;

} // namespace perfbuf
