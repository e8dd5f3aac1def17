// SPDX-License-Identifier: GPL-2.0
/* Claims the memory that keeps its content over a warm reboot, and copies the last boot's content
 * away. */
#include "recorder/persist.hpp"

#include "glue/glue.h"
#include "glue/persist.h"
#include "recorder/crc32.hpp"
#include "ring/pages.h"
#include "ring/storage.hpp"

#include <cxxrt/memory_model.hpp>
#include <linux/perfbuf_recorder.h>

namespace perfbuf
{

using cxxrt::error;
using cxxrt::gfp;
using cxxrt::make;
using cxxrt::result;
using cxxrt::unique_ptr;

namespace
{

constinit persisted_memory *persisted = nullptr;

/* A page of its own, so that the recorders' pages are those of the memory. */
static_assert(sizeof(perfbuf_persist_header) <= page_size);

} // namespace

persisted_memory *the_persisted_memory() noexcept
{
	return persisted;
}

result<unique_ptr<persisted_memory>> persisted_memory::create(const char *parameter) noexcept
{
	unique_ptr<persisted_memory> made = TRY(make<persisted_memory>(gfp::kernel));
	const char *why = "there is no memory";
	const result<void> begun = made->begin(parameter, &why);

	pb_log_persist(parameter, why);
	if (!begun)
		return begun.error();
	return made;
}

/* *@why: what is wrong, or what was found. */
result<void> persisted_memory::begin(const char *parameter, const char **why) noexcept
{
	persist_wish wish;

	TRY(parse_persist(parameter, wish, why));
	if (wish.name) {
		const result<void> found = cxxrt::from_return(
			pb_reserve_mem_find(wish.name, &wish.physical, &wish.bytes));

		*why = !found && found.error().code() == EOPNOTSUPP
			       ? "this kernel has no reserve_mem=: give SIZE@ADDRESS, reserved by "
				 "memmap="
			       : "the kernel's command line has no reserve_mem= of that name";
		TRY(found);
	}
	TRY(check_persist(wish, why));
	where_ = wish;
	if (!wish.name) {
		*why = "the memory is in use: reserve it by memmap= on the kernel's command line";
		TRY(cxxrt::from_return(pb_memory_claim(wish.physical, wish.bytes)));
		is_claimed_ = true;
	}
	*why = "the memory cannot be mapped";
	address_ = static_cast<char *>(pb_memory_map(wish.physical, wish.bytes));
	if (!address_)
		return error(ENOMEM);

	const char *found;

	*why = "there is no memory for a copy of what the boot before left";
	TRY(keep_previous(&found));
	*why = "there is no memory for its pages";
	region_ = TRY(make<region>(gfp::kernel, address_ + page_size, wish.physical + page_size,
				   wish.bytes - page_size));
	TRY(region_->set_up());
	*why = "there is no memory at this address";
	if (!is_memory())
		return error(ENXIO);

	perfbuf_persist_header header = {};

	is_begun_ = true;
	__builtin_memset(address_, 0, where_.bytes);
	__builtin_memcpy(header.magic, PERFBUF_PERSIST_MAGIC, sizeof(header.magic));
	header.version = PERFBUF_PERSIST_VERSION;
	header.address = where_.physical;
	header.bytes = where_.bytes;
	header.crc = crc32(&header, sizeof(header));
	__builtin_memcpy(address_, &header, sizeof(header));
	*why = found;
	return {};
}

/* Memory without the magic may have any content, so it is not copied. */
result<void> persisted_memory::keep_previous(const char **why) noexcept
{
	static constexpr u8 zeros[sizeof(perfbuf_persist_header::magic)] = {};

	if (!__builtin_memcmp(address_, zeros, sizeof(zeros))) {
		*why = "it holds nothing of a boot before";
		return {};
	}
	if (__builtin_memcmp(address_, PERFBUF_PERSIST_MAGIC, sizeof(zeros))) {
		*why = "what it held is not perfbuf's: it is begun anew";
		why_none_ = EBADMSG;
		return {};
	}
	previous_ = static_cast<char *>(pb_vmalloc_alloc(where_.bytes, -1, 0));
	if (!previous_)
		return error(ENOMEM);
	__builtin_memcpy(previous_, address_, where_.bytes);
	*why = "perfbuf dump --previous-boot shows what the boot before left";
	return {};
}

/* Whether each page holds what is stored. */
bool persisted_memory::is_memory() noexcept
{
	for (u64 at = 0; at < where_.bytes; at += page_size)
		cxxrt::write_once(*reinterpret_cast<u64 *>(address_ + at), ~at);
	cxxrt::smp_mb();
	for (u64 at = 0; at < where_.bytes; at += page_size) {
		if (cxxrt::read_once(*reinterpret_cast<u64 *>(address_ + at)) != ~at)
			return false;
	}
	return true;
}

persisted_memory::~persisted_memory()
{
	region_.reset();
	if (is_begun_)
		__builtin_memset(address_, 0, where_.bytes);
	if (address_)
		pb_memory_unmap(address_);
	if (is_claimed_)
		pb_memory_release(where_.physical, where_.bytes);
	if (previous_)
		pb_vmalloc_free(previous_, where_.bytes, 0);
}

result<void> persisted_memory::copy_previous(u64 argument) const noexcept
{
	perfbuf_previous_boot wanted;

	TRY(cxxrt::from_return(pb_copy_from_user(&wanted, argument, sizeof(wanted))));
	if (!previous_)
		return error(why_none_);

	const u64 space = wanted.bytes;

	wanted.bytes = where_.bytes;
	wanted.address = where_.physical;
	TRY(cxxrt::from_return(pb_copy_to_user(argument, &wanted, sizeof(wanted))));
	if (space < wanted.bytes)
		return error(ENOSPC);
	return cxxrt::from_return(pb_copy_to_user(wanted.buffer, previous_, wanted.bytes));
}

} // namespace perfbuf

int perfbuf_persist_init(void) noexcept
{
	const char *parameter = pb_param_persist();

	if (!parameter)
		return 0;

	auto made = perfbuf::persisted_memory::create(parameter);

	if (!made)
		return made.error().as_return();
	perfbuf::persisted = made.take().release();
	return 0;
}

void perfbuf_persist_exit(void) noexcept
{
	delete perfbuf::persisted;
	perfbuf::persisted = nullptr;
}
