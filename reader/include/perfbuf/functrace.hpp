// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/**
 * @file
 * Function traces: the packets of docs/functrace.md, versions 1 and 2, one stream for each CPU.
 * If bytes are missing or wrong, the decoder skips to the next sync, and reports how many bytes it
 * skipped.
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

/** The task that makes the calls that follow. */
struct context {
	uint32_t pid = 0;
	uint32_t tid = 0;
	std::array<char, 16> comm{}; /**< ends with a NUL */

	std::string_view name() const noexcept { return comm.data(); }
};

enum class kind {
	call, /**< a function was entered */
	lost, /**< `count` calls are missing: the writer had no space, or was interrupted while it
		 wrote one */
	cut,  /**< `count` bytes from `offset` on were skipped: see `why` */
	end,  /**< the writer ended the trace; it may continue with a sync */
};

/** Why bytes were skipped. */
enum class reason {
	none,
	no_sync,    /**< no sync was there yet */
	unknown,    /**< no such packet */
	bad_number, /**< a number that is too long */
	bad_slot,   /**< a call of a function that was not named since the sync */
	bad_sync,   /**< a sync whose checksum or values are wrong */
	truncated,  /**< the stream ends within a packet */
	version,    /**< of a version that this reader does not know */
};

/** @return the same in words, without a full stop */
std::string_view to_string(reason why) noexcept;

struct item {
	kind type = kind::call;
	reason why = reason::none;
	uint64_t offset = 0;  /**< of its first byte in the stream */
	uint64_t time = 0;    /**< ns; of the item before, if this one has no time itself */
	uint64_t since = 0;   /**< lost: the time of the item before the loss, ns; 0: none */
	uint64_t address = 0; /**< call: of the function */
	uint64_t count = 0;   /**< lost: calls; cut: bytes */
	uint32_t cpu = 0;
	const context *task =
		nullptr; /**< call: nullptr if the stream does not say; until next() */
};

/**
 * Decodes one stream from its first byte to its last, whole or in pieces. Does not allocate, and
 * terminates for any bytes.
 */
class decoder
{
public:
	/** For a stream that comes in pieces: feed(). */
	decoder() = default;

	/** For a whole stream. */
	explicit decoder(std::span<const std::byte> stream) noexcept : stream_(stream) {}

	/**
	 * Continue with the next piece, once next() returns nothing.
	 * @param piece  begins with the bytes of the last piece that were not consumed()
	 * @param offset of its first byte in the stream; if bytes are missing in between, the
	 * decoder skips to the next sync
	 * @param last   no piece follows: an incomplete packet at its end is reported
	 */
	void feed(std::span<const std::byte> piece, uint64_t offset, bool last) noexcept;

	/** Bytes of the piece that were decoded; the others are the beginning of a packet. */
	size_t consumed() const noexcept { return at_; }
	/** The older name of consumed(). */
	size_t taken() const noexcept { return consumed(); }

	/** @return the next item; nothing at the end of the stream or of the piece. A cut that
	 * continues in the next piece is reported again, as no_sync. */
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
	item made(kind type, uint64_t offset) const noexcept;

	std::span<const std::byte> stream_; // or the piece
	uint64_t base_ = 0;		    // of it in the stream
	size_t at_ = 0;
	bool last_ = true;
	bool synced_ = false;
	bool skipping_ = false; // a cut goes on in the next piece
	bool known_ = false;	// who_
	context task_;
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
