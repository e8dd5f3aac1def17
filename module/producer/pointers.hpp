/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fields of PERFBUF_KIND_POINTER. A reader without CAP_PERFMON gets, and its filter compares, what
 * %p prints of them, so that neither the record nor the filter tells where the kernel lies.
 */
#pragma once

#include "glue/producer.h"

#include <cxxrt/memory_model.hpp>

namespace perfbuf
{

/* Where they stand in the fixed part of an event. */
class pointer_fields
{
public:
	/* Once, after check_layout(). */
	void find(const perfbuf_layout &of) noexcept
	{
		for (u32 i = 0; i < of.field_count; i++) {
			if (of.fields[i].kind == PERFBUF_KIND_POINTER)
				at_[count_++] = static_cast<u16>(of.fields[i].offset);
		}
	}

	u32 count() const noexcept { return count_; }
	u32 at(u32 which) const noexcept { return at_[which]; }

private:
	u32 count_ = 0;
	u16 at_[PERFBUF_POINTERS_MAX] = {};
};

/* While this lives, hashes stand in a payload in place of its pointers. Any context. */
class hidden_pointers
{
public:
	hidden_pointers(void *payload, const pointer_fields &where) noexcept
		: payload_(static_cast<char *>(payload)), where_(where)
	{
		for (u32 i = 0; i < where_.count(); i++) {
			char *at = payload_ + where_.at(i);

			__builtin_memcpy(&saved_[i], at, sizeof(u64));

			const u64 hash = hash_of(saved_[i]);

			__builtin_memcpy(at, &hash, sizeof(u64));
		}
	}

	~hidden_pointers()
	{
		for (u32 i = 0; i < where_.count(); i++)
			__builtin_memcpy(payload_ + where_.at(i), &saved_[i], sizeof(u64));
	}

	hidden_pointers(const hidden_pointers &) = delete;
	hidden_pointers &operator=(const hidden_pointers &) = delete;

	/* 0 where the kernel has no key for hashes yet. */
	static u64 hash_of(u64 pointer) noexcept
	{
		char text[PB_POINTER_TEXT];
		u64 hash = 0;

		pb_print_pointer(text, pointer);
		for (const char *at = text; *at; at++) {
			const char one = *at;

			if (one >= '0' && one <= '9')
				hash = hash << 4 | static_cast<u64>(one - '0');
			else if (one >= 'a' && one <= 'f')
				hash = hash << 4 | static_cast<u64>(one - 'a' + 10);
			else
				return 0;
		}
		return hash;
	}

private:
	char *const payload_;
	const pointer_fields &where_;
	u64 saved_[PERFBUF_POINTERS_MAX];
};

} // namespace perfbuf
