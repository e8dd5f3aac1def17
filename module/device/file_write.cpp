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
	TRY(source_.write(data, static_cast<u32>(bytes)));
	return bytes;
}

result<u64> file::write_parts(void *filp, u64 argument) noexcept
{
	perfbuf_write all;

	if (!pb_file_is_writable(filp))
		return error(EBADF);
	TRY(from_return(pb_copy_from_user(&all, argument, sizeof(all))));
	if (all.reserved || !source_.takes_writes())
		return error(EINVAL);
	if (all.count > PERFBUF_WRITE_PARTS)
		return error(E2BIG);

	for (u64 done = 0; done < all.count; done++) {
		perfbuf_write_part part;
		result<u64> written = from_return(pb_copy_from_user(
					      &part, all.parts + done * sizeof(part), sizeof(part)))
					      ? write(part.address, part.bytes)
					      : result<u64>(error(EFAULT));

		if (written)
			continue;
		if (!done)
			return written.error();
		return done;
	}
	return u64{all.count};
}

} // namespace perfbuf
