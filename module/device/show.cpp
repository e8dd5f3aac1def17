// SPDX-License-Identifier: GPL-2.0
/* Writes the texts of /sys/class/perfbuf/<source>/. Process context, may sleep. */
#include "device/show.hpp"

#include "device/file.hpp"

namespace perfbuf
{

using cxxrt::error;
using cxxrt::result;

namespace
{

/* In the order of loss_cause. */
constexpr const char *loss_attributes[] = {"lost_full",	     "lost_paused",  "lost_too_big",
					   "lost_recursion", "lost_no_ring", "lost_context"};
static_assert(sizeof(loss_attributes) / sizeof(*loss_attributes) == loss_causes);

/* The words of a line are divided by blanks, and its line by its end. */
void show_name(const char *name, text_writer &out) noexcept
{
	for (; *name; name++)
		out.put(*name > ' ' && *name <= '~' ? *name : '_');
}

void show_reader(const file &of, text_writer &out) noexcept
{
	const event &mine = *of.configured();

	out.string("id=");
	out.decimal(mine.id());
	out.string(" config=");
	out.decimal(mine.attr().config);
	out.string(" cpu=");
	if (mine.cpu() < 0)
		out.string("any");
	else
		out.decimal(static_cast<u64>(mine.cpu()));
	out.string(mine.target() ? " of=tasks" : mine.cgroup() ? " of=cgroup" : " of=all");
	out.string(" records=");
	out.decimal(mine.records());
	out.string(" lost=");
	out.decimal(mine.losses().total());
	for (u32 i = 0; i < loss_causes; i++) {
		out.string(" ");
		out.string(loss_attributes[i]);
		out.string("=");
		out.decimal(mine.losses().read(static_cast<loss_cause>(i)));
	}

	/* A process of a pid namespace that the reader of the line is not in has no number there,
	 * and its name is none of the reader's business. */
	const u32 pid = pb_pid_number(of.opened_by().process);

	if (!pid)
		return;
	out.string(" pid=");
	out.decimal(pid);
	out.string(" name=");
	show_name(of.opened_by().name, out);
}

void show_rates(source &of, text_writer &out) noexcept
{
	const source_rates rates = the_device().rates(of);

	out.string("records=");
	out.decimal(rates.records);
	out.string(" bytes=");
	out.decimal(rates.bytes);
	out.string(" lost=");
	out.decimal(rates.lost);
	out.string(" ms=");
	out.decimal(rates.ms);
	out.string("\n");
}

} // namespace

/* All numbers at their largest fit. */
constexpr u32 reader_line_bytes = 448;

u64 show_readers(const source &of, const void *viewer, u64 position, char *to, u64 bytes) noexcept
{
	const u64 whole_lines_end = (position + bytes) / reader_line_bytes * reader_line_bytes;

	/* The rest of a line would be of a later moment, when its numbers may be longer. */
	if (whole_lines_end > position)
		bytes = whole_lines_end - position;

	line_window<reader_line_bytes> window(position, to, bytes);

	the_device().each_reader(of, viewer, [&](const file &file) {
		window.line([&](text_writer &out) { show_reader(file, out); });
	});
	return window.done();
}

result<void> show_source(source &of, const void *viewer, const char *name,
			 text_writer &out) noexcept
{
	if (equal(name, "rates")) {
		/* Each read moves the marks for all readers of the rates. */
		if (viewer)
			return error(EPERM);
		show_rates(of, out);
		return {};
	}
	if (equal(name, "recorder")) {
		of.show_recorder(out);
		return {};
	}
	if (equal(name, "description")) {
		out.string(of.description());
		out.string("\n");
		return {};
	}

	const source_totals totals = the_device().totals(of, viewer);

	struct {
		const char *name;
		u64 value;
	} const numbers[] = {
		{"files", totals.files}, {"rings", totals.rings},     {"records", totals.records},
		{"bytes", totals.bytes}, {"lost", totals.all_lost()},
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
	return {};
}

} // namespace perfbuf
