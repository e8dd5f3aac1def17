// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/**
 * @file
 * Reads perf.data: files and pipes, ours and perf's. Its life: open(); events(); each(). A size or
 * an offset that cannot be is an error that says where, never a read past the end.
 */
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <linux/perf_event.h>
#include <map>
#include <memory>
#include <optional>
#include <perfbuf/decoder.hpp>
#include <perfbuf/format.hpp>
#include <perfbuf/record.hpp>
#include <perfbuf/result.hpp>
#include <span>
#include <string>
#include <vector>

#include "perfdata/build_id.hpp"
#include "perfdata/format.hpp"

namespace perfbuf::perfdata
{

/** One attr of a recording, with what is needed to decode its samples. */
struct recorded_event {
	perf_event_attr attr{};
	std::vector<uint64_t> ids;
	std::string name;			    /**< as reports show it */
	std::optional<reader::typed_format> format; /**< of a typed event or tracepoint */
	reader::decoder decoder{perf_event_attr{}};
};

/** Build-ids by the name that MMAP records have for the file; the kernel's is "[kernel.kallsyms]".
 */
using build_id_map = std::map<std::string, build_id, std::less<>>;

/** Of a recording: a record, the event that it belongs to, and its time (0: before everything). */
using record_visitor = std::function<void(const reader::record &record, const recorded_event &event,
					  uint64_t time)>;

class record_stream;

/** How a pipe is read: to its end, whose build-ids say which files were mapped, or as it comes. */
enum class piped { whole, live };

class recording
{
public:
	/** @param path "-" is standard input
	 * Errors: what opening says; EINVAL it is no perf.data, or damaged. */
	static reader::result<recording> open(const std::string &path, piped how = piped::whole);

	recording(recording &&other) noexcept;
	recording &operator=(recording &&) = delete;
	~recording();

	const std::vector<recorded_event> &events() const noexcept { return events_; }
	const build_id_map &build_ids() const noexcept { return build_ids_; }
	/** The kernel's release and the name of the machine; empty: not in the file. */
	const std::string &os_release() const noexcept { return os_release_; }
	const std::string &hostname() const noexcept { return hostname_; }

	/** @return the event with this id; the first one where there is one event alone or no id */
	const recorded_event *event_of(const reader::record &record) const noexcept;

	/**
	 * Call use() for every record that a kernel wrote, in the order of time. The rounds of the
	 * file bound what is held for it. If two rounds, unpacked, are more than most_held and than
	 * four times the file, the older half of it is passed on early: then a record may come
	 * after newer ones.
	 * Of a pipe that is read as it comes, no more than most_held waits, and each() can be
	 * called once.
	 * @param late if not nullptr: set to the number of such records
	 * @param idle called where a live pipe has no record now; false: that is enough
	 * Errors: EINVAL, a record that cannot be; what was before it has been visited; ENOTSUP:
	 * records are compressed, and this perfbuf was built without libzstd.
	 */
	reader::result<void> each(const record_visitor &use, uint64_t *late = nullptr,
				  const std::function<bool()> &idle = {}) const;
	/** Bytes of memory: two rounds of 512 CPUs, with perf's rings of 512 KiB all full. */
	static constexpr size_t most_held = size_t{512} << 20;

private:
	recording() = default;
	reader::result<void> read_file();
	reader::result<void> read_pipe();
	reader::result<void> read_stream();
	reader::result<void> describe(const reader::record &record,
				      std::span<const std::byte> follow);
	reader::result<void> each_of_stream(const record_visitor &use, uint64_t *late,
					    const std::function<bool()> &idle) const;
	reader::result<void> read_attrs(const file_header &header);
	reader::result<void> read_features(const file_header &header);
	void read_feature(feature which, std::span<const std::byte> content);
	void read_event_description(std::span<const std::byte> content);
	void read_build_ids(std::span<const std::byte> content);
	void see_build_id(const reader::record &record);
	void add_event(const perf_event_attr &attr, std::vector<uint64_t> ids);
	reader::result<void> finish_events();
	std::span<const std::byte> part(const section &of) const noexcept;

	void *base_ = nullptr; // mapped
	size_t length_ = 0;
	std::vector<std::byte> read_;		// what cannot be mapped
	std::unique_ptr<record_stream> stream_; // a pipe that is read as it comes
	std::span<const std::byte> all_;
	std::span<const std::byte> records_;
	std::vector<recorded_event> events_;
	std::map<uint64_t, size_t> by_id_;
	std::vector<std::string> formats_;
	build_id_map build_ids_;
	std::string os_release_;
	std::string hostname_;
	uint64_t part_size_ = 0; // of a part of a compressed stream, as the file says
};

/** @return bytes that follow a record of a pipe and are none, as it says */
uint64_t bytes_behind(const reader::record &of) noexcept;

/** @return the texts of the formats in a section of tracing data; empty if it makes no sense */
std::vector<std::string> formats_in_tracing_data(std::span<const std::byte> content);

} // namespace perfbuf::perfdata
