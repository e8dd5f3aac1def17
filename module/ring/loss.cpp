// SPDX-License-Identifier: GPL-2.0
/* Losses: counts the records that the ring refused, and writes the records that report them. */
#include "ring/write.hpp"

namespace perfbuf
{

void perf_buffer::count_loss(loss_cause cause, u32 records) noexcept
{
	/* Without a data area no record is lost. */
	if (!mask_ || !records)
		return;
	note_loss(cause, records);
}

/*
 * note_loss() adds the reason after it has counted the loss; collect_losses() removes the reason
 * before it reads the count. So a pending loss always has its reason. A reason without a loss is
 * removed here. A loss that a nested writer counts meanwhile is reported with the next record.
 */
bool perf_buffer::has_loss() noexcept
{
	if (lost_.read())
		return true;
	reasons_.remove(slow_path_reasons::pending_loss);
	if (lost_.read()) [[unlikely]]
		add_reason(slow_path_reasons::pending_loss);
	return false;
}

u64 perf_buffer::collect_losses() noexcept
{
	reasons_.remove(slow_path_reasons::pending_loss);
	return lost_.exchange(0);
}

void perf_buffer::report_loss(reservation &into, const record_origin &origin) noexcept
{
	const u32 bytes = sizeof(lost_record) + origin.trailer_bytes;
	const lost_record loss = {
		.header = {.type = PERF_RECORD_LOST, .misc = 0, .size = static_cast<u16>(bytes)},
		.id = origin.id,
		.lost = collect_losses(),
	};

	into.put(loss);
	origin.write_trailer(into);
}

bool perf_buffer::can_flush_lost(u32 trailer_bytes) const noexcept
{
	const u64 bytes = sizeof(lost_record) + trailer_bytes;

	return lost_.read() && !paused() && (overwrite_ || mask_ - unread() >= bytes);
}

void perf_buffer::flush_lost(const record_origin &origin) noexcept
{
	if (!lost_.read() || paused())
		return;

	const u32 bytes = sizeof(lost_record) + origin.trailer_bytes;
	u64 position;

	nest_.add(1);
	if (reasons_.has(slow_path_reasons::watched))
		nest_.add(nest_watched);
	if (!advance_head(bytes, position))
		return exit_nesting();

	reservation record(*this, position, bytes);

	report_loss(record, origin);
	request_wakeup();
	record.commit();
}

/* Writes the record that replaces a discarded one: see reservation::discard(). */
void perf_buffer::fill_discarded(reservation &into, u32 bytes, const record_origin &origin) noexcept
{
	const lost_record filler = {
		.header = {.type = PERF_RECORD_LOST, .misc = 0, .size = static_cast<u16>(bytes)},
		.id = origin.id,
		.lost = 0,
	};

	into.put(filler);
	into.zero(bytes - sizeof(filler) - origin.trailer_bytes);
	origin.write_trailer(into);
}

} // namespace perfbuf
