// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/**
 * @file
 * A source's file. Its life: open() or adopted from a descriptor; configure() once; map it
 * (mapping.hpp) or redirect() it into one that is mapped; enable(); poll its fd() and read the
 * ring; drop it.
 */
#pragma once

#include <array>
#include <cstdint>
#include <linux/perf_event.h>
#include <optional>
#include <perfbuf/filter.hpp>
#include <perfbuf/result.hpp>
#include <perfbuf/unique_fd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace perfbuf::reader
{

/** A bit of attr.read_format, of our sources only: PERFBUF_FORMAT_LOST_CAUSES of linux/perfbuf.h.
 */
inline constexpr uint64_t format_lost_by_cause = 1ULL << 63;

/** The result of read(); a field that attr.read_format does not ask for is empty. */
struct counts {
	uint64_t value = 0;		      /**< the count, in the source's unit (clock: ns) */
	std::optional<uint64_t> time_enabled; /**< ns */
	std::optional<uint64_t> time_running; /**< ns */
	std::optional<uint64_t> id;	      /**< the id that samples carry */
	std::optional<uint64_t> lost;	      /**< records lost, since the file was opened */
	/** The same by cause, PERFBUF_LOST_*; empty without format_lost_by_cause. */
	std::vector<uint64_t> lost_by_cause;
};

/** "full", "paused", ... for PERFBUF_LOST_*; "other" for one that we do not know. */
std::string_view loss_cause_name(size_t cause) noexcept;

/** How far the writers of a ring have come: struct perfbuf_positions of linux/perfbuf.h. */
struct ring_positions {
	bool overwrite = false;
	bool backward = false;
	uint64_t published = 0;
	uint64_t reserved = 0;
	std::array<uint64_t, 32> marks{}; /**< where records begin; in no order */
};

class file
{
public:
	/** The most bytes of struct perf_event_attr that we hand to a kernel or write to a file. */
	static constexpr uint32_t attr_size = PERF_ATTR_SIZE_VER7;

	/**
	 * Open /dev/perfbuf/<source>, close-on-exec.
	 * @param source a name out of /dev/perfbuf; one with a '/' is taken as a path
	 * Errors: ENOENT no such source or module, EACCES/EPERM no right to it.
	 */
	static result<file> open(std::string_view source);

	/** Adopt a descriptor that is configured already (received from another process,
	 * perf_event_open(2)). */
	explicit file(unique_fd fd, uint64_t read_format = 0) noexcept
		: fd_(std::move(fd)), read_format_(read_format)
	{
	}

	/**
	 * Say what to record: PERFBUF_IOC_OPEN (include/uapi/linux/perfbuf.h).
	 * @param attr  as for perf_event_open(2); attr.size is set to attr_size
	 * @param pid   0 the caller, > 0 that thread, -1 every process (then cpu >= 0)
	 * @param cpu   >= 0 that CPU only, -1 every CPU (then pid >= 0)
	 * @param flags PERF_FLAG_PID_CGROUP: pid is an open directory of cgroup2
	 * Errors: those of perf_event_open(2); EOPNOTSUPP what this source has not; EBUSY
	 * configured before.
	 */
	result<void> configure(perf_event_attr attr, pid_t pid, int cpu, unsigned long flags = 0);

	/**
	 * Follow this thread, too, and its later children (PERFBUF_IOC_FOLLOW): of a file that was
	 * configured with a pid, a CPU and attr.inherit. A thread that it follows already stays so.
	 * Errors: ESRCH no such thread; EOPNOTSUPP the source's events have one thread each;
	 * ENOTTY, a file of perf_event_open(2) or of an older module; EMFILE, ENOSPC a limit.
	 */
	result<void> follow(pid_t thread) const;

	/** Start and stop recording (PERF_EVENT_IOC_ENABLE, _DISABLE). */
	result<void> enable() const;
	result<void> disable() const;
	/** Set the count to 0 (PERF_EVENT_IOC_RESET). */
	result<void> reset() const;
	/** Hold or resume writing into the ring; what would have been written counts as lost. */
	result<void> pause(bool on) const;
	/** Write into the ring of `target`, which is mapped and on the same CPU
	 * (PERF_EVENT_IOC_SET_OUTPUT). */
	result<void> redirect(const file &target) const;
	/** Record only what the expression holds for (PERF_EVENT_IOC_SET_FILTER): typed events. */
	result<void> set_filter(const std::string &expression) const;
	/**
	 * The answer of set_filter(), and at which token (PERFBUF_IOC_CHECK_FILTER); the filter
	 * stays as it is.
	 * Errors: ENOTTY, an older module; EOPNOTSUPP, a source without typed events.
	 */
	result<filter_check> check_filter(const std::string &expression) const;
	/**
	 * @return a time, ns of the file's clock: every record stamped before it, in any ring whose
	 * file has this clock, is published now. At most some 10 ms old: requests share it
	 * (PERFBUF_IOC_FENCE, merge.hpp).
	 * Errors: ENOTTY, a file of perf_event_open(2) or of an older module.
	 */
	result<uint64_t> fence() const;
	/**
	 * @return how far the writers of its ring have come, for copy_ring()
	 * (PERFBUF_IOC_POSITIONS) Errors: ENOTTY, a file of perf_event_open(2) or of an older
	 * module; EINVAL, not mapped; EOPNOTSUPP, on arm64, an event without a CPU whose ring is
	 * not paused.
	 */
	result<ring_positions> positions() const;
	/** @return the id that this file's samples carry (PERF_EVENT_IOC_ID) */
	result<uint64_t> id() const;
	/** @return the counts, laid out by read_format. Groups (PERF_FORMAT_GROUP) are refused with
	 * EINVAL. */
	result<counts> read() const;

	int fd() const noexcept { return fd_.get(); }

private:
	result<void> request(unsigned long code, unsigned long argument, const char *message) const;

	unique_fd fd_;
	uint64_t read_format_ = 0;
};

/**
 * @return file::fence() of the first of them whose source is there; nothing if the files have no
 * such request, because they are the kernel's own or the module is older
 */
std::optional<uint64_t> fence_of(std::span<const file> files);

} // namespace perfbuf::reader
