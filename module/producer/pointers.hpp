/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fields of PERFBUF_KIND_POINTER. A reader without CAP_PERFMON gets, and its filter compares, what
 * %p prints of them, so that neither the record nor the filter reveals where the kernel lies.
 */
#pragma once

#include "device/task.h"
#include "glue/producer.h"
#include "ring/recursion.hpp"

#include <cxxrt/memory_model.hpp>
#include <cxxrt/result.hpp>

namespace perfbuf
{

/*
 * The hashes of an event's pointers, as the last emission in one context of one CPU had them: the
 * readers of one emission share them, because a hash costs more than all the rest of a record.
 * Invariant: only that context touches it, and no nested one.
 */
class pointer_hashes
{
public:
	/* Of pointer number @which of the event, which is @pointer. */
	u64 of(u32 which, u64 pointer) noexcept;

private:
	struct {
		u64 pointer, hash; /* hash 0: none is known */
	} last_[PERFBUF_POINTERS_MAX];
};

/* Where they stand in the fixed part of an event. */
class pointer_fields
{
public:
	pointer_fields() noexcept = default;
	~pointer_fields() { pb_percpu_free(hashes_); }
	pointer_fields(const pointer_fields &) = delete;
	pointer_fields &operator=(const pointer_fields &) = delete;

	/* Once, after check_layout(). ENOMEM. Process context, may sleep. */
	cxxrt::result<void> find(const perfbuf_layout &of) noexcept
	{
		for (u32 i = 0; i < of.field_count; i++) {
			if (of.fields[i].kind == PERFBUF_KIND_POINTER)
				at_[count_++] = static_cast<u16>(of.fields[i].offset);
		}
		if (!count_)
			return {};
		hashes_ = pb_percpu_alloc(nesting_levels * sizeof(pointer_hashes));
		if (!hashes_)
			return cxxrt::error(ENOMEM);
		return {};
	}

	u32 count() const noexcept { return count_; }
	u32 at(u32 which) const noexcept { return at_[which]; }
	/* Of this CPU and the context @level. Preemption off; there are pointers. */
	pointer_hashes &hashes(u32 level) const noexcept
	{
		return static_cast<pointer_hashes *>(pb_percpu_at(hashes_, pb_this_cpu()))[level];
	}

private:
	void *hashes_ = nullptr; /* for each CPU and context; nullptr: no pointers */
	u32 count_ = 0;
	u16 at_[PERFBUF_POINTERS_MAX] = {};
};

/* While this lives, hashes stand in a payload in place of its pointers. In the context @level. */
class hidden_pointers
{
public:
	hidden_pointers(void *payload, const pointer_fields &where, u32 level) noexcept
		: payload_(static_cast<char *>(payload)), where_(where)
	{
		pointer_hashes &hashes = where_.hashes(level);

		for (u32 i = 0; i < where_.count(); i++) {
			char *at = payload_ + where_.at(i);

			__builtin_memcpy(&saved_[i], at, sizeof(u64));

			const u64 hash = hashes.of(i, saved_[i]);

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
			const char character = *at;

			if (character >= '0' && character <= '9')
				hash = hash << 4 | static_cast<u64>(character - '0');
			else if (character >= 'a' && character <= 'f')
				hash = hash << 4 | static_cast<u64>(character - 'a' + 10);
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

inline u64 pointer_hashes::of(u32 which, u64 pointer) noexcept
{
	auto &last = last_[which];

	/* NULL is printed as it is. */
	if (!pointer)
		return 0;
	if (last.pointer != pointer || !last.hash) {
		last.pointer = pointer;
		last.hash = hidden_pointers::hash_of(pointer);
	}
	return last.hash;
}

} // namespace perfbuf
