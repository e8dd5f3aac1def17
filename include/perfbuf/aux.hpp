/* SPDX-License-Identifier: GPL-2.0 */
/* <perfbuf/aux.h> for C++: <perfbuf/producer.hpp> includes it. */
#ifndef PERFBUF_AUX_HPP
#define PERFBUF_AUX_HPP

#include <linux/types.h>
#include <perfbuf/aux.h>

namespace perfbuf::producer
{

using u64 = __u64;

/*
 * An AUX transaction, as <perfbuf/aux.h> has it, for as long as its scope: begun by the
 * constructor; what was put into it by then is published by the destructor. Contexts: those of
 * perfbuf_aux_begin(), from the one to the other.
 *
 *	if (pb::transaction into(stream); into)
 *		into.put(packet, sizeof(packet));
 */
class [[nodiscard]] transaction
{
public:
	explicit transaction(perfbuf_stream *stream) noexcept
	{
		perfbuf_aux_begin(&handle_, stream);
	}
	~transaction() { perfbuf_aux_end(&handle_, written_); }
	transaction(const transaction &) = delete;
	transaction &operator=(const transaction &) = delete;

	/* False: perfbuf_aux_begin() returned NULL; the functions below then do nothing. */
	explicit operator bool() const noexcept { return handle_.area; }
	/* What the setup of the area gave; without a setup, its pages. */
	template <typename Kept = const perfbuf_aux_pages>
	Kept *kept() const noexcept
	{
		return static_cast<Kept *>(perfbuf_aux_get(&handle_));
	}
	/* The position of the next byte in the stream; and how many bytes may be written. */
	u64 position() const noexcept { return handle_.head + written_; }
	u64 room() const noexcept { return handle_.size - written_; }

	/* Appends @bytes of kernel memory; returns how many were copied. */
	u64 put(const void *from, u64 bytes) noexcept
	{
		const u64 done = perfbuf_aux_copy(&handle_, written_, from, bytes);

		written_ += done;
		return done;
	}
	/* The source has written the next @bytes by itself. */
	void wrote(u64 bytes) noexcept { written_ += bytes; }
	/* For a snapshot: the head goes on behind what was put, as the source is to see to. */
	void move_head() noexcept { handle_.head += written_; }
	/* Before anything is put. 0 or -ENOSPC. */
	int skip(u64 bytes) noexcept { return perfbuf_aux_skip(&handle_, bytes); }
	/* 0 or -EINVAL. */
	int flag(u64 flags) noexcept { return perfbuf_aux_flag(&handle_, flags); }
	/* Nothing is published. */
	void give_up() noexcept { written_ = 0; }

private:
	perfbuf_aux_handle handle_ = {};
	u64 written_ = 0;
};

} // namespace perfbuf::producer

#endif /* PERFBUF_AUX_HPP */
