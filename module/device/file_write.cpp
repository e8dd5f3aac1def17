// SPDX-License-Identifier: GPL-2.0
/* write(2) and PERFBUF_IOC_WRITE: records whose bytes come from user space. */
#include "device/file.hpp"

#include "glue/glue.h"

#include <cxxrt/guard.hpp>
#include <cxxrt/platform.h>

#include <linux/perfbuf.h>

namespace perfbuf
{

using cxxrt::error;
using cxxrt::from_return;
using cxxrt::result;

/* Copies the bytes to kernel memory first, because the copy may wait for a page, and a writer may
 * not. */
result<u64> file::write(u64 from, u64 bytes) noexcept
{
	char on_stack[256];
	void *allocated = nullptr;

	if (!source_.takes_writes())
		return error(EINVAL);
	if (bytes > PERFBUF_WRITE_MAX)
		return error(E2BIG);
	if (bytes > sizeof(on_stack)) {
		allocated = cxxrt_alloc(bytes, PB_GFP_KERNEL);
		if (!allocated)
			return error(ENOMEM);
	}

	cxxrt::scope_guard give_back([allocated]() noexcept { cxxrt_free(allocated); });
	void *data = allocated ? allocated : on_stack;

	TRY(from_return(pb_copy_from_user(data, from, bytes)));

	const written_part whole = {data, static_cast<u32>(bytes)};

	TRY(source_.write(&whole, 1));
	return bytes;
}

namespace
{

constexpr u32 batch_parts = 32;
constexpr u32 batch_bytes = 4096;

result<perfbuf_write_part> part_of(const perfbuf_write &all, u64 number) noexcept
{
	perfbuf_write_part part;

	TRY(from_return(pb_copy_from_user(&part, all.parts + number * sizeof(part), sizeof(part))));
	return part;
}

/* Copies parts of @all, from part @number on, to @space (batch_bytes), and returns how many. Stops
 * before a part that cannot be copied, or that does not fit. */
u32 gather(const perfbuf_write &all, u64 number, char *space, written_part *parts) noexcept
{
	u64 used = 0;
	u32 gathered = 0;

	for (; gathered < batch_parts && number < all.count; number++) {
		auto found = part_of(all, number);

		if (!found)
			break;

		const perfbuf_write_part part = found.take();

		if (part.bytes > batch_bytes - used ||
		    !from_return(pb_copy_from_user(space + used, part.address, part.bytes)))
			break;
		parts[gathered++] = written_part{space + used, static_cast<u32>(part.bytes)};
		used = cxxrt::round_up<u64>(used + part.bytes, sizeof(u64));
	}
	return gathered;
}

} // namespace

/*
 * The source takes small parts in batches, because it locks once for each call: one lock for each
 * record would make many writers wait for one another at each record. User memory is copied before
 * that lock is taken, because the copy may wait as long as user space likes. A part that no batch
 * takes is written alone, and an error is that part's.
 */
result<u64> file::write_parts(void *filp, u64 argument) noexcept
{
	perfbuf_write all;
	written_part parts[batch_parts];

	if (!pb_file_is_writable(filp))
		return error(EBADF);
	TRY(from_return(pb_copy_from_user(&all, argument, sizeof(all))));
	if (all.reserved || !source_.takes_writes())
		return error(EINVAL);
	if (all.count > PERFBUF_WRITE_PARTS)
		return error(E2BIG);

	auto *space = static_cast<char *>(cxxrt_alloc(batch_bytes, PB_GFP_KERNEL));

	if (!space)
		return error(ENOMEM);

	cxxrt::scope_guard give_back([space]() noexcept { cxxrt_free(space); });

	auto write_some = [&](u64 number) noexcept -> result<u32> {
		const u32 gathered = gather(all, number, space, parts);

		if (gathered)
			return source_.write(parts, gathered);

		auto part = TRY(part_of(all, number));

		TRY(write(part.address, part.bytes));
		return 1u;
	};
	u64 done = 0;

	while (done < all.count) {
		auto written = write_some(done);

		if (!written && !done)
			return written.error();
		if (!written)
			break;
		done += written.take();
		if (pb_signal_is_pending())
			break;
	}
	return done;
}

} // namespace perfbuf
