/* SPDX-License-Identifier: GPL-2.0 */
/*
 * perfbuf_recorder_dump(): a devcoredump of a source's recorder, that its driver requests in any
 * context and that a work makes in process context.
 *
 *   request ── irq_work ── work: snapshot, devcoredump ── the next request
 *
 * One request at a time. The source lives until finish() has returned.
 */
#pragma once

#include "glue/coredump.h"
#include "producer/recording.hpp"

#include <cxxrt/lock.hpp>
#include <cxxrt/memory_model.hpp>
#include <generated/offsets.h>

namespace perfbuf
{

class recorder_dump final : public dump_requests
{
public:
	explicit recorder_dump(const typed_source &of) noexcept;

	cxxrt::result<void> request(void *device) noexcept override;
	void finish() noexcept override { pb_dump_work_sync(&work_.raw); }

private:
	static void run(void *raw) noexcept;
	/* nullptr, or for the kernel's log, why there is none. */
	const char *make() noexcept;

	const typed_source &of_;
	cxxrt::shared<u32> pending_;
	/* Of the request that is pending. */
	void *device_ = nullptr;
	u64 last_ns_ = 0; /* when it was made; 0: none was */
	struct work {
		cxxrt::opaque<PB_SIZEOF_DUMP_WORK> raw;
		recorder_dump *owner;
	} work_;
};

} // namespace perfbuf
