// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/**
 * @file
 * Records for what was there before recording began: the kernel would have written them, had it
 * been asked in time. Their time is 0, which perf takes as "before everything".
 */
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "perfdata/bytes.hpp"
#include "perfdata/kernel_maps.hpp"
#include "perfdata/processes.hpp"

namespace perfbuf::perfdata
{

class synthesizer
{
public:
	/** @param identity_size bytes that sample_id_all appends (decoder::identity_size()) */
	synthesizer(bytes &to, size_t identity_size) : to_(to), identity_size_(identity_size) {}

	void kernel(const kernel_map &map);
	void process(const perfdata::process &of);
	void map(uint32_t pid, const process_map &map);

private:
	void task(uint32_t type, const perfdata::process &of, uint32_t tid);
	void comm(uint32_t pid, uint32_t tid, std::string_view name);
	void close(size_t begin);

	bytes &to_;
	size_t identity_size_;
};

} // namespace perfbuf::perfdata
