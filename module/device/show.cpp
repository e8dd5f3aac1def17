// SPDX-License-Identifier: GPL-2.0
#include "device/show.hpp"

#include "device/file.hpp"

namespace perfbuf
{

namespace
{

u64 sum_of(const u64 (&lost)[loss_causes]) noexcept
{
	u64 sum = 0;

	for (u64 one : lost)
		sum += one;
	return sum;
}

/* In the order of loss_cause. */
constexpr const char *loss_attributes[] = {"lost_full", "lost_paused", "lost_too_big",
					   "lost_recursion", "lost_no_ring"};
static_assert(sizeof(loss_attributes) / sizeof(*loss_attributes) == loss_causes);

/* id=12 cpu=0 records=500 lost=3 lost_full=3 ...: a line for each configured file, those opened
 * last first. */
void show_readers(const source &of, text_writer &out) noexcept
{
	the_device().each_reader(of, [&](const file &one) {
		const event &mine = *one.configured();

		out.string("id=");
		out.decimal(mine.id());
		out.string(" config=");
		out.decimal(mine.attr().config);
		out.string(" cpu=");
		if (mine.cpu() < 0)
			out.string("any");
		else
			out.decimal(static_cast<u64>(mine.cpu()));
		out.string(mine.target() ? " of=tasks records=" : " of=all records=");
		out.decimal(mine.records());
		out.string(" lost=");
		out.decimal(mine.losses().total());
		for (u32 i = 0; i < loss_causes; i++) {
			out.string(" ");
			out.string(loss_attributes[i]);
			out.string("=");
			out.decimal(mine.losses().read(static_cast<loss_cause>(i)));
		}
		out.string("\n");
	});
}

} // namespace

void show_source(source &of, const char *name, text_writer &out) noexcept
{
	if (equal(name, "readers"))
		return show_readers(of, out);
	if (equal(name, "description")) {
		out.string(of.description());
		out.string("\n");
		return;
	}

	const source_totals totals = the_device().totals(of);

	struct {
		const char *name;
		u64 value;
	} const numbers[] = {
		{"files", totals.files},
		{"rings", totals.rings},
		{"records", totals.records},
		{"lost", sum_of(totals.lost)},
	};

	for (const auto &number : numbers) {
		if (equal(name, number.name))
			out.decimal(number.value);
	}
	for (u32 i = 0; i < loss_causes; i++) {
		if (equal(name, loss_attributes[i]))
			out.decimal(totals.lost[i]);
	}
	out.string("\n");
}

} // namespace perfbuf
