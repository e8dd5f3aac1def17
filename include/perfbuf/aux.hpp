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
 * An AUX transaction of <perfbuf/aux.h> that lasts as long as its scope: the constructor begins it,
 * the destructor publishes the bytes that were put into it. Context: as perfbuf_aux_begin(), from
 * the constructor to the destructor.
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
	/* The pointer that perfbuf_aux.setup() stored; without setup(), the area's pages. */
	template <typename Data = const perfbuf_aux_pages>
	Data *private_data() const noexcept
	{
		return static_cast<Data *>(perfbuf_aux_get(&handle_));
	}
	/* The position of the next byte in the stream; and how many bytes may be written. */
	u64 position() const noexcept { return handle_.head + written_; }
	u64 space() const noexcept { return handle_.size - written_; }

	/* Older names of private_data() and space(). */
	template <typename Data = const perfbuf_aux_pages>
	Data *kept() const noexcept
	{
		return private_data<Data>();
	}
	u64 room() const noexcept { return space(); }

	/* Appends @bytes of kernel memory; returns how many were copied. */
	u64 put(const void *from, u64 bytes) noexcept
	{
		const u64 done = perfbuf_aux_copy(&handle_, written_, from, bytes);

		written_ += done;
		return done;
	}
	/* Counts @bytes that the source has written by itself. */
	void wrote(u64 bytes) noexcept { written_ += bytes; }
	/* In overwrite mode, before the end: moves the head behind the bytes that were put, as
	 * struct perfbuf_aux_handle requires. */
	void move_head() noexcept { handle_.head += written_; }
	/* perfbuf_aux_skip(), before anything is put. 0 or -ENOSPC. */
	int skip(u64 bytes) noexcept { return perfbuf_aux_skip(&handle_, bytes); }
	/* perfbuf_aux_flag(). 0 or -EINVAL. */
	int flag(u64 flags) noexcept { return perfbuf_aux_flag(&handle_, flags); }
	/* Discards what was put: the destructor publishes nothing. */
	void give_up() noexcept { written_ = 0; }

private:
	perfbuf_aux_handle handle_ = {};
	u64 written_ = 0;
};

} // namespace perfbuf::producer

#endif /* PERFBUF_AUX_HPP */
