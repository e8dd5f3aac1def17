// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/**
 * @file
 * Function traces: the packets of docs/functrace.md, versions 1 and 2, one stream for each CPU.
 * Bytes that are cut, torn or wrong cost what stands up to the next sync, and it is said how many
 * bytes those were.
 */
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace perfbuf::reader::functrace
{

/** CPUs are below this: Linux has 8192 at most. A sync of another one does not hold. */
inline constexpr uint32_t most_cpus = 1 << 16;

/** Who makes the calls that follow. */
struct context {
	uint32_t pid = 0;
	uint32_t tid = 0;
	std::array<char, 16> comm{}; /**< ends with a NUL */

	std::string_view name() const noexcept { return comm.data(); }
};

enum class kind {
	call, /**< a function was entered */
	lost, /**< `count` calls are missing here: the writer had no room, or was in the middle of
		 one */
	cut,  /**< `count` bytes from `offset` on say nothing: see `why` */
	end,  /**< the writer ended the trace here; it may go on with a sync */
};

/** Why bytes were skipped. */
enum class reason {
	none,
	no_sync,    /**< no sync was there yet */
	unknown,    /**< no such packet */
	bad_number, /**< a number that is too long */
	bad_slot,   /**< a call of a function that was not named since the sync */
	bad_sync,   /**< a sync that does not hold */
	truncated,  /**< the stream ends within a packet */
	version,    /**< of a version that this reader does not know */
};

/** @return the same in words, without a full stop */
std::string_view to_string(reason why) noexcept;

struct item {
	kind what = kind::call;
	reason why = reason::none;
	uint64_t offset = 0;  /**< of its first byte in the stream */
	uint64_t time = 0;    /**< ns; of what was told last, where the item has none itself */
	uint64_t since = 0;   /**< lost: ns of what came before the loss; 0: nothing did */
	uint64_t address = 0; /**< call: of the function */
	uint64_t count = 0;   /**< lost: calls; cut: bytes */
	uint32_t cpu = 0;
	const context *who = nullptr; /**< call: nullptr if the stream does not say; until next() */
};

/**
 * Reads one stream from its first byte to its last, whole or piece by piece. Does not allocate,
 * ends for any bytes.
 */
class decoder
{
public:
	/** Of a stream that comes in pieces. */
	decoder() = default;

	/** Of all of a stream. */
	explicit decoder(std::span<const std::byte> stream) noexcept : stream_(stream) {}

	/**
	 * Go on with the next piece, once next() has nothing more.
	 * @param piece  begins with the bytes of the last one that were not taken()
	 * @param offset of its first byte in the stream; where it is not the one that follows,
	 *               bytes are missing, and only a sync gets in step again
	 * @param last   nothing follows: what is cut at its end is told
	 */
	void feed(std::span<const std::byte> piece, uint64_t offset, bool last) noexcept;

	/** Bytes of the piece that were read; what is left is the beginning of a packet. */
	size_t taken() const noexcept { return at_; }

	/** @return the next item; nothing at the end of the stream or of the piece. A cut that goes
	 * on in the next piece is told again, as no_sync. */
	std::optional<item> next() noexcept;

private:
	struct packet;

	std::optional<item> skip(reason why) noexcept;
	std::optional<item> read_sync(packet &from) noexcept;
	reason read_context(packet &from) noexcept;
	std::optional<reason> read_call(packet &from, uint8_t head) noexcept;
	reason read_call_version_1(packet &from, uint8_t head) noexcept;
	reason read_slot(const packet &from, unsigned slot, uint64_t ticks) noexcept;
	reason read_named(packet &from) noexcept;
	void clear(uint64_t version) noexcept;
	item made(kind what, uint64_t offset) const noexcept;

	std::span<const std::byte> stream_; // or the piece
	uint64_t base_ = 0;		    // of it in the stream
	size_t at_ = 0;
	bool last_ = true;
	bool synced_ = false;
	bool skipping_ = false; // a cut goes on in the next piece
	bool known_ = false;	// who_
	context who_;
	uint32_t cpu_ = 0;
	uint64_t version_ = 0;
	unsigned shift_ = 0;
	uint64_t ticks_ = 0;
	uint64_t address_ = 0; // of the last call
	uint64_t named_ = 0;   // of the last call that named its function
	unsigned context_ = 0;
	std::array<uint64_t, 512> slots_{}; // version 1 uses 256 of them
	std::array<uint16_t, 2048> successors_{};
};

} // namespace perfbuf::reader::functrace
