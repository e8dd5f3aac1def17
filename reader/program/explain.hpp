// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/** @file What to do about an error of the device or of a file: one sentence. */
#pragma once

#include <optional>
#include <perfbuf/filter.hpp>
#include <perfbuf/result.hpp>

#include "program/events.hpp"
#include "program/failure.hpp"
#include "program/options.hpp"

namespace perfbuf::program
{

failure explain_open(const reader::error &why, const record_options &options,
		     const chosen_event &event);
/** A node of /dev/perfbuf that cannot be opened. @param why errno */
failure explain_device(const std::string &source, int why);
failure explain_enable(const reader::error &why);
/** @param check what the module says of the text; nothing: it is older, and does not say it */
failure explain_filter(const reader::error &why, const chosen_event &event,
		       const std::optional<reader::filter_check> &check);
failure explain_map(const reader::error &why, const record_options &options);
failure explain_map_aux(const reader::error &why, const record_options &options);

/** Files by their names, to be created and to be read. @param why errno */
failure explain_create(const std::string &path, int why);
failure explain_read(const std::string &path, int why);
/** Standard output. */
failure explain_output(int why);

} // namespace perfbuf::program
