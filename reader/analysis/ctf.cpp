// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/*
 * CTF 1.8 (https://diamon.org/ctf): a directory with the text `metadata`, which describes the
 * events, and `stream`, one packet with all of them. Everything is aligned to bytes. Names of
 * fields begin with an underscore, which readers take off: a field may be called as a word of the
 * language.
 */
#include <bit>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <system_error>

#include "analysis/export.hpp"
#include "perfdata/bytes.hpp"

namespace perfbuf::analysis
{

namespace
{

constexpr uint32_t ctf_magic = 0xc1fc1fc1;

constexpr const char *head = R"(/* CTF 1.8 */
typealias integer {{ size = 8; align = 8; signed = false; }} := uint8_t;
typealias integer {{ size = 16; align = 8; signed = false; }} := uint16_t;
typealias integer {{ size = 32; align = 8; signed = false; }} := uint32_t;
typealias integer {{ size = 64; align = 8; signed = false; }} := uint64_t;
typealias integer {{ size = 8; align = 8; signed = true; }} := int8_t;
typealias integer {{ size = 16; align = 8; signed = true; }} := int16_t;
typealias integer {{ size = 32; align = 8; signed = true; }} := int32_t;
typealias integer {{ size = 64; align = 8; signed = true; }} := int64_t;
trace {{
	major = 1;
	minor = 8;
	byte_order = {};
	packet.header := struct {{ uint32_t magic; uint32_t stream_id; }};
}};
env {{ tracer_name = "perfbuf"; }};
clock {{ name = perf; freq = 1000000000; }};
typealias integer {{ size = 64; align = 8; signed = false; map = clock.perf.value; }} := perf_time;
stream {{
	id = 0;
	event.header := struct {{ uint32_t id; perf_time timestamp; }};
	event.context := struct {{ uint32_t cpu; uint32_t pid; uint32_t tid; string comm; }};
}};
)";

using reader::typed_field;

std::string declaration(const typed_field &field)
{
	if (field.is_text() || field.is_octets())
		return fmt::format("string _{};", field.name);
	const std::string type =
		fmt::format("{}int{}_t", field.is_signed ? "" : "u", 8 * field.width());
	if (field.is_dynamic)
		return fmt::format("uint32_t __{0}_length; {1} _{0}[__{0}_length];", field.name,
				   type);
	if (field.elements > 1)
		return fmt::format("{} _{}[{}];", type, field.name, field.elements);
	return fmt::format("{} _{};", type, field.name);
}

bool has_stack(const perf_event_attr &attr)
{
	return attr.sample_type & (PERF_SAMPLE_IP | PERF_SAMPLE_CALLCHAIN);
}

std::string quoted_text(std::string_view text)
{
	std::string out;
	for (const char each : text)
		out += each == '"' || each == '\\' ? std::string("\\") + each
						   : std::string(1, each);
	return out;
}

std::string metadata(const std::vector<perfdata::recorded_event> &events)
{
	std::string text = fmt::format(fmt::runtime(head),
				       std::endian::native == std::endian::big ? "be" : "le");
	for (size_t id = 0; id < events.size(); id++) {
		std::string fields;
		if (events[id].format)
			for (const auto &field : events[id].format->fields)
				fields += " " + declaration(field);
		if (has_stack(events[id].attr))
			fields += " uint32_t __stack_length; string _stack[__stack_length];";
		text += fmt::format("event {{\n\tid = {};\n\tstream_id = 0;\n\tname = \"{}\";\n"
				    "\tfields := struct {{{} }};\n}};\n",
				    id, quoted_text(events[id].name), fields);
	}
	return text;
}

class ctf : public exporter
{
public:
	ctf(std::FILE *stream, const frame_table &frames) : stream_(stream), frames_(frames) {}
	~ctf() override { std::fclose(stream_); }

	void begin()
	{
		put(ctf_magic);
		put(uint32_t{0});
		flush();
	}

	void add(const described_sample &described) override
	{
		put(static_cast<uint32_t>(described.event_number));
		put(described.time);
		put(described.sample.cpu);
		put(described.sample.pid);
		put(described.sample.tid);
		put_text(described.comm);
		if (described.event.format)
			for (const auto &field : described.event.format->fields)
				put_field(field, described.sample.raw);
		if (has_stack(described.event.attr)) {
			put(static_cast<uint32_t>(described.frames.size()));
			for (const uint32_t frame : described.frames)
				put_text(frames_[frame].name);
		}
		flush();
	}

	void finish() override
	{
		if (std::fflush(stream_) != 0 || std::ferror(stream_))
			throw std::system_error(EIO, std::generic_category(),
						"the stream of the trace");
	}

private:
	template <typename T>
	void put(const T &value)
	{
		waiting_.put(value);
	}

	void put_text(std::string_view text)
	{
		text = text.substr(0, text.find('\0'));
		waiting_.put_raw(text.data(), text.size());
		waiting_.zeros(1);
	}

	void put_field(const typed_field &field, std::span<const std::byte> payload)
	{
		if (field.is_text())
			return put_text(field.text(payload));
		if (field.is_octets())
			return put_text(field.show(payload));
		const auto bytes = field.bytes(payload);
		if (field.is_dynamic) {
			const size_t width = field.width();
			put(static_cast<uint32_t>(bytes.size() / width));
			waiting_.put_raw(bytes.data(), bytes.size() / width * width);
			return;
		}
		waiting_.put_raw(bytes.data(), bytes.size());
		waiting_.zeros(field.size - bytes.size());
	}

	void flush()
	{
		const auto view = waiting_.view();
		(void)std::fwrite(view.data(), 1, view.size(), stream_);
		waiting_ = {};
	}

	std::FILE *stream_;
	const frame_table &frames_;
	perfdata::bytes waiting_;
};

} // namespace

reader::result<std::unique_ptr<exporter>>
create_ctf(const std::string &directory, const std::vector<perfdata::recorded_event> &events,
	   const frame_table &frames)
{
	std::error_code why;
	if (!std::filesystem::create_directory(directory, why))
		return reader::error{why ? why : std::make_error_code(std::errc::file_exists),
				     "cannot create the directory " + directory};
	const auto create = [&](const char *name) {
		return std::fopen((directory + "/" + name).c_str(), "wbe");
	};
	std::FILE *description = create("metadata");
	if (!description)
		return reader::system_error("cannot create the trace's metadata");
	const std::string text = metadata(events);
	(void)std::fwrite(text.data(), 1, text.size(), description);
	if (std::fclose(description) != 0)
		return reader::system_error("cannot write the trace's metadata");
	std::FILE *stream = create("stream");
	if (!stream)
		return reader::system_error("cannot create the trace's stream");
	auto made = std::make_unique<ctf>(stream, frames);
	made->begin();
	return std::unique_ptr<exporter>(std::move(made));
}

} // namespace perfbuf::analysis
