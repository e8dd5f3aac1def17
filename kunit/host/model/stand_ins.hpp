/* SPDX-License-Identifier: GPL-2.0 */
/* Stand-ins that every machine of the model uses: the origin of its records, and a source of AUX.
 */
#pragma once

#include "ring/aux.hpp"
#include "ring/write.hpp"

namespace perfbuf::model
{

/* Of records without a trailer. */
class plain_origin final : public record_origin
{
public:
	plain_origin() : record_origin(1, 0) {}
	void write_trailer(reservation &) const noexcept override {}
};

/* A source whose setup keeps nothing. */
class aux_filler final : public aux_owner
{
public:
	cxxrt::result<void *> setup_aux(const perfbuf_aux_pages &) noexcept override
	{
		return static_cast<void *>(this);
	}
	void free_aux(void *) noexcept override {}
};

} // namespace perfbuf::model
