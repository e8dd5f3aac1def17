/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All recorders: those of registered sources, and those that are kept of sources that have gone.
 *
 * Lock: the registry's mutex, innermost of all (a source's mutex > it). The list is walked without
 * it at a panic, so what leaves the list is freed a grace period later.
 */
#pragma once

#include "producer/recording.hpp"
#include "recorder/recorder.hpp"

namespace perfbuf
{

class recorders final : public recording
{
public:
	recorders() noexcept;

	cxxrt::result<void> begin(typed_source &of, const perfbuf_source &made) noexcept override;
	void end(typed_source &of) noexcept override;
	void show(typed_source &of, text_writer &out) noexcept override;
	cxxrt::result<void> change(typed_source &of, const char *text) noexcept override;

	/* nullptr: there is none of that number. Process. */
	cxxrt::ref<recorder> find(u64 number) noexcept;
	/* That of a source; nullptr: it has none. Process. */
	cxxrt::ref<recorder> find(const typed_source &of) noexcept;
	/* Of a source that has gone. ENOENT, EBUSY. Process, sleeps. */
	cxxrt::result<void> forget(u64 number) noexcept;
	/* A line for each, from @position on. Returns the bytes. Process. */
	u64 list(u64 position, char *to, u64 bytes) noexcept;
	/* At the module's end: no source is registered. */
	void forget_all() noexcept;

	/* Newest first. Any context, preemption off. */
	recorder *first() const noexcept { return first_.load_acquire(); }

private:
	struct state {
		u64 last_number = 0;
		u64 bytes = 0; /* of the rings of all */
		u32 kept = 0;
	};

	cxxrt::result<cxxrt::ref<recorder>> make(const typed_source &of,
						 const recorder_wish &wish) noexcept;
	static cxxrt::result<cxxrt::ref<recorder>> create(const typed_source &of, u64 number,
							  const recorder_wish &wish) noexcept;
	void add(cxxrt::ref<recorder> recorder) noexcept;
	void give(typed_source &of, cxxrt::ref<recorder> fresh, bool live) noexcept;
	/* Under the lock. What is returned is freed after unlock and a grace period. */
	recorder *unlink(state &all, recorder &gone) noexcept;
	static void free_unlinked(recorder *gone) noexcept;
	void remove(recorder &gone) noexcept;
	void enforce_limit() noexcept;

	cxxrt::guarded<state, cxxrt::mutex> state_;
	cxxrt::shared<recorder *> first_;
};

/* From perfbuf_recorder_init() to perfbuf_recorder_exit(). */
recorders &the_recorders() noexcept;

} // namespace perfbuf
