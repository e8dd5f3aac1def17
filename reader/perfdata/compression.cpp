// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Compresses and decompresses records with zstd.
#include "perfdata/compression.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#ifdef PERFBUF_HAVE_ZSTD
#include <zstd.h>
#endif

#include "perfdata/format.hpp"

namespace perfbuf::perfdata
{

#ifdef PERFBUF_HAVE_ZSTD

namespace
{

// Without a bound, the highest levels take some 700 MB for tables that records do not fill: they
// repeat within a few rounds.
constexpr int window_log = 21;
constexpr int first_bounded_level = 9;

constexpr size_t block_header = 3; // bytes

// @return was it set?
bool set(ZSTD_CCtx *of, ZSTD_cParameter parameter, int value)
{
	return !ZSTD_isError(ZSTD_CCtx_setParameter(of, parameter, value));
}

bool set_level(ZSTD_CCtx *of, int level)
{
	return set(of, ZSTD_c_compressionLevel, level) && set(of, ZSTD_c_windowLog, window_log) &&
	       (level < first_bounded_level ||
		(set(of, ZSTD_c_chainLog, window_log) && set(of, ZSTD_c_hashLog, window_log)));
}

struct free_context {
	void operator()(ZSTD_CCtx *of) const noexcept { ZSTD_freeCCtx(of); }
	void operator()(ZSTD_DCtx *of) const noexcept { ZSTD_freeDCtx(of); }
};

} // namespace

bool has_zstd() noexcept
{
	return true;
}

struct compressor::state {
	std::unique_ptr<ZSTD_CCtx, free_context> context{ZSTD_createCCtx()};
	std::vector<std::byte> record = std::vector<std::byte>(UINT16_MAX);
};

reader::result<compressor> compressor::make(int level)
{
	auto made = std::make_unique<state>();
	if (!made->context || !set_level(made->context.get(), level))
		return reader::system_error("cannot compress", ENOMEM);
	return compressor(level, std::move(made));
}

reader::result<std::span<const std::byte>> compressor::add(std::span<const std::byte> records)
{
	perf_event_header header{record_compressed, 0, sizeof(header)};
	auto &record = state_->record;
	ZSTD_inBuffer in{records.data(), records.size(), 0};
	ZSTD_outBuffer out{record.data() + sizeof(header), record.size() - sizeof(header), 0};
	// All of it, so that the part can be read without those that follow.
	size_t left = 0;
	do
		left = ZSTD_compressStream2(state_->context.get(), &out, &in, ZSTD_e_flush);
	while (left && !ZSTD_isError(left) && out.pos < out.size);
	if (ZSTD_isError(left))
		return reader::system_error(ZSTD_getErrorName(left), ENOMEM);
	if (left || in.pos != in.size)
		return reader::system_error("a part is too large to be compressed", EOVERFLOW);
	header.size = static_cast<uint16_t>(sizeof(header) + out.pos);
	std::memcpy(record.data(), &header, sizeof(header));
	original_ += records.size();
	compressed_ += header.size;
	return std::span<const std::byte>(record).first(header.size);
}

struct decompressor::state {
	std::unique_ptr<ZSTD_DCtx, free_context> context{ZSTD_createDCtx()};
	std::vector<std::byte> piece = std::vector<std::byte>(ZSTD_DStreamOutSize());
	size_t wanted = 0; // bytes that zstd needs for the next block, and for the header behind it
};

bool decompressor::ends_within_a_block() const noexcept
{
	return state_->wanted && state_->wanted != block_header;
}

reader::result<decompressor> decompressor::make(uint64_t part_size)
{
	auto made = std::make_unique<state>();
	if (!made->context || ZSTD_isError(ZSTD_DCtx_setParameter(made->context.get(),
								  ZSTD_d_windowLogMax, window_log)))
		return reader::system_error("cannot be decompressed", ENOMEM);
	return decompressor(std::move(made), part_size);
}

reader::result<void> decompressor::each(const reader::record &of, const use_bytes &use)
{
	auto body = of.body();
	if (of.type() == record_compressed2) {
		uint64_t used = 0;
		if (body.size() < sizeof(used))
			return reader::system_error("is damaged", EINVAL);
		std::memcpy(&used, body.data(), sizeof(used));
		body = body.subspan(sizeof(used));
		if (used > body.size())
			return reader::system_error("is damaged", EINVAL);
		body = body.first(used);
	}
	ZSTD_inBuffer in{body.data(), 0, 0};
	auto &piece = state_->piece;
	uint64_t size = 0;
	// A full piece may leave more within the context.
	for (bool full = false; in.pos < body.size() || full;) {
		// A block at a time: zstd reports an error in place of the blocks before it.
		const size_t wanted = state_->wanted;
		in.size = std::min(body.size(),
				   in.pos + (wanted > block_header ? wanted - block_header
								   : std::max<size_t>(wanted, 1)));
		ZSTD_outBuffer out{piece.data(), piece.size(), 0};
		const size_t left = ZSTD_decompressStream(state_->context.get(), &out, &in);
		if (ZSTD_isError(left))
			return reader::system_error(ZSTD_getErrorName(left), EINVAL);
		state_->wanted = left;
		full = out.pos == out.size;
		size += out.pos;
		if (size > most_)
			return reader::system_error("becomes too large", EINVAL);
		if (out.pos && !use(std::span<const std::byte>(piece).first(out.pos)))
			return {};
	}
	return {};
}

#else

bool has_zstd() noexcept
{
	return false;
}

struct compressor::state {
};

reader::result<compressor> compressor::make(int)
{
	return reader::system_error("this perfbuf was built without libzstd", ENOTSUP);
}

reader::result<std::span<const std::byte>> compressor::add(std::span<const std::byte>)
{
	return reader::system_error("this perfbuf was built without libzstd", ENOTSUP);
}

struct decompressor::state {
};

reader::result<decompressor> decompressor::make(uint64_t)
{
	return reader::system_error("is compressed, and this perfbuf was built without libzstd",
				    ENOTSUP);
}

bool decompressor::ends_within_a_block() const noexcept
{
	return false;
}

reader::result<void> decompressor::each(const reader::record &, const use_bytes &)
{
	return reader::system_error("this perfbuf was built without libzstd", ENOTSUP);
}

#endif

compressor::compressor(int level, std::unique_ptr<state> made) noexcept
	: level_(level), state_(std::move(made))
{
}
compressor::compressor(compressor &&) noexcept = default;
compressor &compressor::operator=(compressor &&) noexcept = default;
compressor::~compressor() = default;

decompressor::decompressor(std::unique_ptr<state> made, uint64_t part_size) noexcept
	: state_(std::move(made)), most_(part_size + held_back)
{
}
decompressor::decompressor(decompressor &&) noexcept = default;
decompressor &decompressor::operator=(decompressor &&) noexcept = default;
decompressor::~decompressor() = default;

} // namespace perfbuf::perfdata
