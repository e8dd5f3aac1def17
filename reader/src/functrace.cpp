// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Decodes the packets of a function trace.
#include <perfbuf/functrace.hpp>

#include <algorithm>

namespace perfbuf::reader::functrace
{

namespace
{

// The packets' codes, as docs/functrace.md has them.
constexpr uint8_t op_pad = 0x00;
constexpr uint8_t op_sync = 0x7f;
constexpr uint8_t sync_mark = 0x80;
constexpr size_t sync_run = 4;
constexpr unsigned shift_max = 32;

// Those with a code for all of their first byte; a version has its own.
enum class op { none, pad, time, context, end, named };

namespace version_1
{
constexpr uint8_t call_bit = 0x80;
constexpr uint8_t known_bit = 0x40;
constexpr uint8_t ticks_mask = 0x3f;
constexpr unsigned short_ticks = 48;

// An address that does not belong in the slot marks an empty one.
unsigned slot_of(uint64_t address) noexcept
{
	return static_cast<unsigned>((address * 0x9e3779b97f4a7c15ULL) >> 56);
}

op op_of(uint8_t head) noexcept
{
	switch (head) {
	case op_pad:
		return op::pad;
	case 0x01:
		return op::time;
	case 0x02:
		return op::context;
	case 0x03:
		return op::end;
	default:
		return op::none;
	}
}
} // namespace version_1

namespace version_2
{
constexpr unsigned slots = 512;
constexpr unsigned contexts = 2048;
constexpr uint64_t no_function = uint64_t{1} << 63; // in an empty slot

op op_of(uint8_t head) noexcept
{
	switch (head) {
	case op_pad:
		return op::pad;
	case 0x07:
		return op::time;
	case 0x0f:
		return op::context;
	case 0x17:
		return op::end;
	case 0x1f:
		return op::named;
	default:
		return op::none;
	}
}
} // namespace version_2

} // namespace

std::string_view to_string(reason why) noexcept
{
	switch (why) {
	case reason::none:
		break;
	case reason::no_sync:
		return "no sync stands before these bytes";
	case reason::unknown:
		return "no such packet";
	case reason::bad_number:
		return "a number is too long";
	case reason::bad_slot:
		return "a call of a function that was never named";
	case reason::bad_sync:
		return "a sync does not hold";
	case reason::truncated:
		return "the trace ends within a packet";
	case reason::version:
		return "written by a version that this reader does not know";
	}
	return "";
}

// A packet while it is read. `failed` stays none as long as all of it was there.
struct decoder::packet {
	std::span<const std::byte> bytes;
	size_t at;
	reason failed = reason::none;

	uint8_t byte() noexcept
	{
		if (at >= bytes.size()) {
			failed = reason::truncated;
			return 0;
		}
		return std::to_integer<uint8_t>(bytes[at++]);
	}

	uint64_t number() noexcept
	{
		uint64_t value = 0;
		for (unsigned shift = 0; shift < 64; shift += 7) {
			const uint8_t next = byte();
			if (failed != reason::none)
				return 0;
			if (shift == 63 && next > 1)
				break;
			value |= uint64_t{next & 0x7fU} << shift;
			if (!(next & 0x80))
				return value;
		}
		failed = reason::bad_number;
		return 0;
	}

	// A difference: even for zero and above, odd below.
	uint64_t folded_number() noexcept
	{
		const uint64_t folded = number();
		return folded >> 1 ^ (folded & 1 ? ~uint64_t{0} : 0);
	}
};

item decoder::made(kind type, uint64_t offset) const noexcept
{
	item out;
	out.type = type;
	out.offset = base_ + offset;
	out.time = ticks_ << shift_;
	out.cpu = cpu_;
	return out;
}

void decoder::feed(std::span<const std::byte> piece, uint64_t offset, bool last) noexcept
{
	if (offset != base_ + at_)
		synced_ = false;
	stream_ = piece;
	base_ = offset;
	at_ = 0;
	last_ = last;
}

// From at_ to the next sync or the end. The first byte is not part of a sync that holds. Nothing:
// the next piece decides.
std::optional<item> decoder::skip(reason why) noexcept
{
	if (why == reason::truncated && !last_)
		return std::nullopt;
	static constexpr std::array<std::byte, sync_run + 1> magic{
		std::byte{op_sync}, std::byte{op_sync}, std::byte{op_sync}, std::byte{op_sync},
		std::byte{sync_mark}};
	const size_t first = at_ + (why == reason::no_sync ? 0 : 1);
	const auto rest = stream_.subspan(std::min(first, stream_.size()));
	const auto found = std::search(rest.begin(), rest.end(), magic.begin(), magic.end());
	const size_t begin = at_;
	item out = made(kind::cut, begin);
	at_ = stream_.size() - static_cast<size_t>(rest.end() - found);
	// A sync may begin here and go on in the next piece.
	if (found == rest.end() && !last_)
		for (size_t kept = 0;
		     kept < sync_run && at_ > first && stream_[at_ - 1] == std::byte{op_sync};
		     kept++)
			at_--;
	synced_ = false;
	skipping_ = found == rest.end();
	out.why = why;
	out.count = at_ - begin;
	return out;
}

// Behind the first byte. Nothing: it was a sync, and reports no loss.
std::optional<item> decoder::read_sync(packet &from) noexcept
{
	bool whole = true;
	for (size_t i = 1; i < sync_run; i++)
		whole = whole && from.byte() == op_sync;
	if (!whole || from.byte() != sync_mark) {
		if (from.failed != reason::none)
			return skip(from.failed);
		return skip(synced_ ? reason::bad_sync : reason::no_sync);
	}
	const size_t body = from.at;
	const uint64_t version = from.number();
	const uint64_t cpu = from.number();
	const uint64_t shift = from.number();
	const uint64_t ticks = from.number();
	const uint64_t lost = from.number();
	uint8_t sum = 0;
	for (size_t i = body; i < from.at; i++)
		sum = static_cast<uint8_t>(sum * 5 + std::to_integer<uint8_t>(stream_[i]));
	const uint8_t check = from.byte();
	if (from.failed != reason::none)
		return skip(from.failed);
	if (check != (sum | 0x80) || cpu >= most_cpus || shift > shift_max ||
	    ticks > UINT64_MAX >> shift)
		return skip(reason::bad_sync);
	if (version != 1 && version != 2)
		return skip(reason::version);
	const uint64_t offset = at_;
	const uint64_t since = ticks_ << shift_;
	at_ = from.at;
	synced_ = true;
	skipping_ = false;
	known_ = false;
	cpu_ = static_cast<uint32_t>(cpu);
	shift_ = static_cast<unsigned>(shift);
	ticks_ = ticks;
	clear(version);
	if (!lost)
		return std::nullopt;
	item out = made(kind::lost, offset);
	out.count = lost;
	out.since = since;
	return out;
}

// After a sync.
void decoder::clear(uint64_t version) noexcept
{
	version_ = version;
	address_ = 0;
	named_ = 0;
	context_ = 0;
	successors_.fill(0);
	slots_.fill(version == 1 ? 0 : version_2::no_function);
	if (version == 1)
		slots_[0] = 1;
}

reason decoder::read_context(packet &from) noexcept
{
	context task;
	const uint64_t pid = from.number();
	const uint64_t tid = from.number();
	const size_t length = from.byte();
	if (length >= task.comm.size() || pid > UINT32_MAX || tid > UINT32_MAX)
		return reason::bad_number;
	for (size_t i = 0; i < length; i++)
		task.comm[i] = static_cast<char>(from.byte());
	task.pid = static_cast<uint32_t>(pid);
	task.tid = static_cast<uint32_t>(tid);
	if (from.failed == reason::none) {
		task_ = task;
		known_ = true;
	}
	return from.failed;
}

reason decoder::read_call_version_1(packet &from, uint8_t head) noexcept
{
	using namespace version_1;
	uint64_t ticks = head & ticks_mask;
	if (ticks >= short_ticks)
		ticks = short_ticks + ((ticks - short_ticks) << 8) + from.byte();
	uint64_t address;
	if (head & known_bit) {
		const uint8_t slot = from.byte();
		address = slots_[slot];
		if (from.failed == reason::none && slot_of(address) != slot)
			return reason::bad_slot;
	} else {
		address = address_ + from.folded_number();
	}
	if (from.failed != reason::none)
		return from.failed;
	ticks_ += ticks;
	address_ = address;
	slots_[slot_of(address)] = address;
	return reason::none;
}

// A call of the function in a slot.
reason decoder::read_slot(const packet &from, unsigned slot, uint64_t ticks) noexcept
{
	if (from.failed != reason::none)
		return from.failed;
	if (slots_[slot] == version_2::no_function)
		return reason::bad_slot;
	ticks_ += ticks;
	address_ = slots_[slot];
	successors_[context_] = static_cast<uint16_t>(slot);
	context_ = (context_ << 4 ^ slot) % version_2::contexts;
	return reason::none;
}

reason decoder::read_named(packet &from) noexcept
{
	const uint64_t slot = from.number();
	const uint64_t ticks = from.number();
	const uint64_t address = named_ + from.folded_number();
	if (from.failed != reason::none)
		return from.failed;
	if (slot >= version_2::slots || address == version_2::no_function)
		return reason::bad_number;
	named_ = slots_[slot] = address;
	return read_slot(from, static_cast<unsigned>(slot), ticks);
}

// Behind the first byte. Nothing: it is no call.
std::optional<reason> decoder::read_call(packet &from, uint8_t head) noexcept
{
	if (version_ == 1) {
		if (head & version_1::call_bit)
			return read_call_version_1(from, head);
		return std::nullopt;
	}
	if (!(head & 1)) {
		if (head == op_pad)
			return std::nullopt;
		return read_slot(from, successors_[context_], head / 2 - 1);
	}
	if ((head & 3) == 1) {
		const unsigned ticks = (head | from.byte() << 8) >> 2;
		return read_slot(from, successors_[context_], ticks);
	}
	if ((head & 7) == 3) {
		const unsigned low = head | from.byte() << 8;
		const unsigned all = low | from.byte() << 16;
		return read_slot(from, all >> 3 & (version_2::slots - 1), all >> 12);
	}
	if (version_2::op_of(head) == op::named)
		return read_named(from);
	return std::nullopt;
}

std::optional<item> decoder::next() noexcept
{
	while (at_ < stream_.size()) {
		packet from{stream_, at_};
		const uint8_t head = from.byte();
		item out;
		if (head == op_sync) {
			if (auto found = read_sync(from))
				return found;
			if (from.failed != reason::none)
				return std::nullopt; // it goes on in the next piece
			continue;
		}
		if (!synced_ && !skipping_ && head == op_pad) {
			at_++;
			continue;
		}
		if (!synced_)
			return skip(reason::no_sync);
		if (const auto why = read_call(from, head)) {
			if (*why != reason::none)
				return skip(*why);
			out = made(kind::call, at_);
			out.address = address_;
			out.task = known_ ? &task_ : nullptr;
			at_ = from.at;
			return out;
		}
		switch (version_ == 1 ? version_1::op_of(head) : version_2::op_of(head)) {
		case op::pad:
			break;
		case op::time:
			ticks_ += from.number();
			break;
		case op::context:
			if (const reason why = read_context(from); why != reason::none)
				return skip(why);
			break;
		case op::end:
			out = made(kind::end, at_);
			synced_ = false;
			at_ = from.at;
			return out;
		case op::named: // a call
		case op::none:
			return skip(reason::unknown);
		}
		if (from.failed != reason::none)
			return skip(from.failed);
		at_ = from.at;
	}
	return std::nullopt;
}

} // namespace perfbuf::reader::functrace
