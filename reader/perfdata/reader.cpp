// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
// Parses the header, the events and the features of a perf.data.
#include "perfdata/reader.hpp"

#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <perfbuf/unique_fd.hpp>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <unordered_map>

#include "perfdata/cursor.hpp"
#include "perfdata/record_stream.hpp"

namespace perfbuf::perfdata
{

namespace
{

reader::error damaged(const std::string &message)
{
	return reader::system_error(message, EINVAL);
}

// @param enough to be read, if there is so much
reader::result<std::vector<std::byte>> read_pipe_bytes(int fd, std::vector<std::byte> all,
						       size_t enough)
{
	size_t used = all.size();
	while (used < enough) {
		all.resize(std::min(enough, std::max<size_t>(all.size(), used + (1 << 20))));
		const ssize_t got = ::read(fd, all.data() + used, all.size() - used);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return reader::system_error("cannot be read");
		if (got == 0)
			break;
		used += static_cast<size_t>(got);
		// Input that is no recording may have no end.
		if (uint64_t first; used >= sizeof(first)) {
			std::memcpy(&first, all.data(), sizeof(first));
			if (first != magic)
				break;
		}
	}
	all.resize(used);
	return all;
}

bool is_pipe_header(std::span<const std::byte> begun)
{
	cursor start(begun);
	return start.get<uint64_t>() == magic && start.get<uint64_t>() == sizeof(pipe_header);
}

} // namespace

recording::recording(recording &&other) noexcept
	: base_(std::exchange(other.base_, nullptr)), length_(other.length_),
	  read_(std::move(other.read_)), stream_(std::move(other.stream_)), all_(other.all_),
	  records_(other.records_), events_(std::move(other.events_)),
	  by_id_(std::move(other.by_id_)), formats_(std::move(other.formats_)),
	  build_ids_(std::move(other.build_ids_)), os_release_(std::move(other.os_release_)),
	  hostname_(std::move(other.hostname_)), part_size_(other.part_size_)
{
}

recording::~recording()
{
	if (base_)
		::munmap(base_, length_);
}

reader::result<recording> recording::open(const std::string &path, piped how)
{
	recording made;
	reader::unique_fd fd(path == "-" ? ::dup(STDIN_FILENO)
					 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
	if (!fd)
		return reader::system_error("cannot be opened");
	struct stat status {
	};
	if (::fstat(fd.get(), &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0) {
		const auto length = static_cast<size_t>(status.st_size);
		void *base = ::mmap(nullptr, length, PROT_READ, MAP_PRIVATE, fd.get(), 0);
		if (base == MAP_FAILED)
			return reader::system_error("cannot be mapped");
		made.base_ = base;
		made.length_ = length;
		made.all_ = {static_cast<const std::byte *>(base), length};
	} else {
		auto begun = read_pipe_bytes(fd.get(), {}, sizeof(pipe_header));
		if (begun && (how == piped::whole || !is_pipe_header(*begun)))
			begun = read_pipe_bytes(fd.get(), *std::move(begun), SIZE_MAX);
		if (!begun)
			return begun.error();
		made.read_ = *std::move(begun);
		made.all_ = made.read_;
		if (how == piped::live && is_pipe_header(made.all_))
			made.stream_ = std::make_unique<record_stream>(std::move(fd));
	}
	if (cursor(made.all_).get<uint64_t>() != magic)
		return damaged("is no perf.data of this machine's byte order");
	if (auto done = made.stream_		    ? made.read_stream()
			: is_pipe_header(made.all_) ? made.read_pipe()
						    : made.read_file();
	    !done)
		return done.error();
	if (auto done = made.finish_events(); !done)
		return done.error();
	if (made.events_.empty())
		return damaged("describes no event");
	return made;
}

std::span<const std::byte> recording::part(const section &of) const noexcept
{
	if (of.offset > all_.size() || of.size > all_.size() - of.offset)
		return {};
	return all_.subspan(static_cast<size_t>(of.offset), static_cast<size_t>(of.size));
}

void recording::add_event(const perf_event_attr &attr, std::vector<uint64_t> ids)
{
	recorded_event event;
	event.attr = attr;
	event.ids = std::move(ids);
	event.decoder = reader::decoder(attr);
	events_.push_back(std::move(event));
}

reader::result<void> recording::read_attrs(const file_header &header)
{
	constexpr size_t smallest = PERF_ATTR_SIZE_VER0 + sizeof(section);
	if (header.attr_size < smallest || header.attr_size > 4096)
		return damaged("has attrs of a size that cannot be");
	const auto attrs = part(header.attrs);
	size_t ids_size = 0;
	for (size_t at = 0; at + header.attr_size <= attrs.size(); at += header.attr_size) {
		perf_event_attr attr{};
		const size_t known = header.attr_size - sizeof(section);
		std::memcpy(&attr, attrs.data() + at, std::min(known, sizeof(attr)));
		section where;
		std::memcpy(&where, attrs.data() + at + known, sizeof(where));
		const auto bytes = part(where);
		// Each attr has ids of its own: together they fit into the file.
		ids_size += bytes.size();
		if (ids_size > all_.size())
			return damaged("has ids that are larger than the file");
		std::vector<uint64_t> ids(bytes.size() / sizeof(uint64_t));
		if (!ids.empty())
			std::memcpy(ids.data(), bytes.data(), ids.size() * sizeof(uint64_t));
		add_event(attr, std::move(ids));
	}
	return {};
}

void recording::read_event_description(std::span<const std::byte> content)
{
	cursor from(content);
	const auto count = from.get<uint32_t>();
	const auto size = from.get<uint32_t>();
	for (uint32_t each = 0; each < count && from.ok(); each++) {
		from.bytes(size);
		const auto ids = from.get<uint32_t>();
		const std::string name(from.string());
		from.bytes(uint64_t{ids} * sizeof(uint64_t));
		if (from.ok() && each < events_.size())
			events_[each].name = name;
	}
}

void recording::see_build_id(const reader::record &record)
{
	cursor from(record.body());
	from.get<uint32_t>(); // pid
	const auto field = from.bytes(24);
	const std::string name(from.text());
	if (!from.ok() || name.empty())
		return;
	size_t length = 20;
	if (record.misc() & misc_build_id_size)
		length = std::min<size_t>(length, std::to_integer<size_t>(field[20]));
	build_ids_[name].assign(field.begin(), field.begin() + static_cast<ptrdiff_t>(length));
}

void recording::read_build_ids(std::span<const std::byte> content)
{
	while (content.size() >= sizeof(perf_event_header)) {
		perf_event_header header;
		std::memcpy(&header, content.data(), sizeof(header));
		if (header.size < sizeof(header) || header.size > content.size())
			return;
		see_build_id(reader::record(content.first(header.size)));
		content = content.subspan(header.size);
	}
}

void recording::read_feature(feature which, std::span<const std::byte> content)
{
	switch (which) {
	case feature::tracing_data:
		formats_ = formats_in_tracing_data(content);
		break;
	case feature::build_ids:
		read_build_ids(content);
		break;
	case feature::hostname:
		hostname_ = cursor(content).string();
		break;
	case feature::os_release:
		os_release_ = cursor(content).string();
		break;
	case feature::event_description:
		read_event_description(content);
		break;
	case feature::compressed: {
		cursor from(content);
		from.bytes(4 * sizeof(uint32_t)); // version, zstd, level, ratio
		part_size_ = from.get<uint32_t>();
		break;
	}
	default:
		break;
	}
}

reader::result<void> recording::read_features(const file_header &header)
{
	// A section for each bit, in their order, behind the records.
	uint64_t at = header.data.offset + header.data.size;
	for (uint32_t bit = 0; bit < 256; bit++) {
		if (!(header.features[bit / 64] >> (bit % 64) & 1))
			continue;
		const auto described = part({at, sizeof(section)});
		if (described.empty())
			return damaged("ends within its features");
		at += sizeof(section);
		read_feature(static_cast<feature>(bit), part(cursor(described).get<section>()));
	}
	return {};
}

reader::result<void> recording::read_file()
{
	if (all_.size() < sizeof(file_header))
		return damaged("ends within its header");
	file_header header;
	std::memcpy(&header, all_.data(), sizeof(header));
	if (auto done = read_attrs(header); !done)
		return done;
	if (header.data.offset > all_.size())
		return damaged("ends before its records");
	// Of a file that was cut, what is there.
	records_ = all_.subspan(static_cast<size_t>(header.data.offset));
	if (header.data.size < records_.size())
		records_ = records_.first(static_cast<size_t>(header.data.size));
	return read_features(header);
}

// A record that describes the others. @param follow the bytes behind it, as far as it has any
reader::result<void> recording::describe(const reader::record &record,
					 std::span<const std::byte> follow)
{
	cursor body(record.body());
	switch (record.type()) {
	case record_header_attr: {
		if (body.left() < PERF_ATTR_SIZE_VER0)
			return damaged("has an attr that is cut short");
		perf_event_attr attr{};
		perf_event_attr head{};
		std::memcpy(&head, record.body().data(), PERF_ATTR_SIZE_VER0);
		const auto bytes = body.bytes(std::min<size_t>(head.size, body.left()));
		std::memcpy(&attr, bytes.data(), std::min(bytes.size(), sizeof(attr)));
		std::vector<uint64_t> ids;
		while (body.left() >= sizeof(uint64_t))
			ids.push_back(body.get<uint64_t>());
		add_event(attr, std::move(ids));
		break;
	}
	case record_header_feature:
		if (const auto which = body.get<uint64_t>(); which < 256)
			read_feature(static_cast<feature>(which), body.bytes(body.left()));
		break;
	case record_header_build_id:
		see_build_id(record);
		break;
	case record_header_tracing_data:
		formats_ = formats_in_tracing_data(follow);
		break;
	default:
		break;
	}
	return {};
}

reader::result<void> recording::read_pipe()
{
	auto left = all_.subspan(sizeof(pipe_header));
	records_ = left;
	while (left.size() >= sizeof(perf_event_header)) {
		perf_event_header header;
		std::memcpy(&header, left.data(), sizeof(header));
		if (header.size < sizeof(header) || header.size > left.size())
			break;
		const reader::record record(left.first(header.size));
		left = left.subspan(header.size);
		const auto follow = left.first(std::min<size_t>(bytes_behind(record), left.size()));
		if (auto done = describe(record, follow); !done)
			return done;
		left = left.subspan(follow.size());
	}
	return {};
}

reader::result<void> recording::finish_events()
{
	// A format is copied for each of its events. The kernel's own have some 1 KiB.
	constexpr size_t most_text = size_t{32} << 20;
	size_t text_size = 0;
	using known = std::pair<reader::typed_format, size_t>;
	std::vector<known> formats;
	formats.reserve(formats_.size());
	// Two systems may have events of one id: the name distinguishes them.
	std::map<std::pair<uint64_t, std::string_view>, const known *> by_name;
	std::unordered_map<uint64_t, const known *> by_id;
	for (const auto &text : formats_)
		if (auto format = reader::parse_format(text)) {
			const auto &made = formats.emplace_back(*std::move(format), text.size());
			by_name[{made.first.id, made.first.name}] = &made;
			by_id[made.first.id] = &made;
		}
	const auto find = [&](const recorded_event &of) -> const known * {
		if (of.name.empty()) {
			const auto found = by_id.find(of.attr.config);
			return found == by_id.end() ? nullptr : found->second;
		}
		const size_t colon = of.name.rfind(':');
		if (colon == std::string::npos)
			return nullptr;
		const auto found =
			by_name.find({of.attr.config, std::string_view(of.name).substr(colon + 1)});
		return found == by_name.end() ? nullptr : found->second;
	};
	for (size_t at = 0; at < events_.size(); at++) {
		auto &event = events_[at];
		for (const uint64_t id : event.ids)
			by_id_[id] = at;
		if (event.attr.type != PERF_TYPE_TRACEPOINT)
			continue;
		const auto *found = find(event);
		if (!found)
			continue;
		text_size += found->second;
		if (text_size > most_text)
			return damaged("has events with more than 32 MiB of formats");
		event.format = found->first;
	}
	for (auto &event : events_)
		if (event.name.empty())
			event.name = event.format ? event.format->name : "event";
	return {};
}

const recorded_event *recording::event_of(const reader::record &record) const noexcept
{
	if (events_.size() == 1)
		return &events_.front();
	const auto id = events_.front().decoder.id_of(record);
	if (!id)
		return &events_.front();
	const auto found = by_id_.find(*id);
	if (found != by_id_.end())
		return &events_[found->second];
	return record.type() == PERF_RECORD_SAMPLE && *id ? nullptr : &events_.front();
}

} // namespace perfbuf::perfdata
