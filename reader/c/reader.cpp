// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/* The C API over the library. No exception leaves it. */
#include <perfbuf/reader.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <optional>
#include <perfbuf/perf_data.hpp>
#include <perfbuf/session.hpp>

using namespace perfbuf::reader;

struct perfbuf_event_info {
	described_event of;
};

struct perfbuf_sample {
	const perfbuf_event_info *event;
	const sample *of;
	uint64_t time;

	const typed_field *field(size_t number) const
	{
		const auto &all = event->of.format.fields;
		return number < all.size() ? &all[number] : nullptr;
	}
};

struct perfbuf_session {
	session of;
	std::vector<perfbuf_event_info> events;
	std::optional<perf_data_writer> writer;
};

struct perfbuf_recording {
	perf_data_reader of;
	std::vector<perfbuf_event_info> events;
};

namespace
{

thread_local std::string last_error;

int refuse(int code, std::string text)
{
	last_error = std::move(text);
	return -code;
}

int refuse(const error &why)
{
	return refuse(why.code.value() ? why.code.value() : EIO,
		      why.text.find('\n') == std::string::npos
			      ? why.text + ": " + why.code.message()
			      : why.text);
}

template <typename Call>
int guarded(Call call) noexcept
{
	try {
		return call();
	} catch (const std::bad_alloc &) {
		// The text of the call before would be wrong, and a new one takes memory.
		last_error.clear();
		return -ENOMEM;
	} catch (...) {
		last_error.clear();
		return -EIO;
	}
}

std::vector<perfbuf_event_info> infos_of(const std::vector<described_event> &events)
{
	std::vector<perfbuf_event_info> all;
	for (const auto &each : events)
		all.push_back({each});
	return all;
}

const typed_field *field_of(const perfbuf_event_info *event, size_t number)
{
	const auto &all = event->of.format.fields;
	return number < all.size() ? &all[number] : nullptr;
}

// Passes the samples of a pass on, and writes all records.
class passing
{
public:
	passing(const std::vector<perfbuf_event_info> &events,
		const std::vector<described_event> &from, perf_data_writer *writer,
		perfbuf_sample_fn use, void *data)
		: events_(events), from_(from), writer_(writer), use_(use), data_(data)
	{
	}

	void operator()(const record &found, const described_event &event, uint64_t time)
	{
		if (writer_ && written_)
			written_ = writer_->add(found, event, time);
		if (!use_ || answer_ || found.type() != PERF_RECORD_SAMPLE)
			return;
		const auto decoded = event.decoder.decode_sample(found);
		if (!decoded)
			return;
		const perfbuf_sample sample{&events_[static_cast<size_t>(&event - from_.data())],
					    &*decoded, time};
		answer_ = use_(data_, &sample);
	}

	int answer() const { return answer_; }
	const result<void> &written() const { return written_; }

private:
	const std::vector<perfbuf_event_info> &events_;
	const std::vector<described_event> &from_;
	perf_data_writer *writer_;
	perfbuf_sample_fn use_;
	void *data_;
	int answer_ = 0;
	result<void> written_;
};

int read_session(perfbuf_session *from, perfbuf_sample_fn use, void *data, bool last)
{
	passing pass(from->events, from->of.events(), from->writer ? &*from->writer : nullptr, use,
		     data);
	const auto to = [&](const record &found, const described_event &event, uint64_t time) {
		pass(found, event, time);
	};
	const auto done = last ? from->of.finish(to) : from->of.read(to);
	if (!done)
		return refuse(done.error());
	if (from->writer && pass.written())
		if (auto round = from->writer->round(); !round)
			return refuse(round.error());
	if (from->writer && last) {
		const auto whole = from->writer->finish();
		from->writer.reset();
		if (!whole)
			return refuse(whole.error());
		if (*whole)
			return refuse(ENOSPC, "the file took only a part of the records");
	}
	if (!pass.written())
		return refuse(pass.written().error());
	return pass.answer();
}

} // namespace

unsigned int perfbuf_reader_version(void)
{
	return PERFBUF_READER_VERSION;
}

const char *perfbuf_error(void)
{
	return last_error.c_str();
}

/* ---------------------------------------------------------------- events */

int perfbuf_event_list(int (*use)(void *data, const char *name), void *data)
{
	return guarded([&] {
		for (const auto &each : list_events())
			if (const int answer = use(data, each.c_str()))
				return answer;
		return 0;
	});
}

int perfbuf_event_find(const char *name, struct perfbuf_event_info **out)
{
	return guarded([&] {
		auto found = find_event(name);
		if (!found)
			return refuse(found.error());
		*out = new perfbuf_event_info{*std::move(found)};
		return 0;
	});
}

void perfbuf_event_free(struct perfbuf_event_info *event)
{
	delete event;
}

const char *perfbuf_event_name(const struct perfbuf_event_info *event)
{
	return event->of.name.c_str();
}

uint64_t perfbuf_event_id(const struct perfbuf_event_info *event)
{
	return event->of.format.id;
}

size_t perfbuf_event_field_count(const struct perfbuf_event_info *event)
{
	return event->of.format.fields.size();
}

const char *perfbuf_event_field_name(const struct perfbuf_event_info *event, size_t field)
{
	const auto *of = field_of(event, field);
	return of ? of->name.c_str() : nullptr;
}

int perfbuf_event_field_form(const struct perfbuf_event_info *event, size_t field)
{
	const auto *of = field_of(event, field);
	if (!of)
		return -EINVAL;
	if (of->is_text())
		return PERFBUF_FIELD_TEXT;
	if (of->is_octets())
		return PERFBUF_FIELD_ADDRESS;
	if (of->is_dynamic && of->width() == 1)
		return PERFBUF_FIELD_BYTES;
	if (of->form == field_form::boolean)
		return PERFBUF_FIELD_BOOLEAN;
	return of->is_signed ? PERFBUF_FIELD_SIGNED : PERFBUF_FIELD_UNSIGNED;
}

int perfbuf_event_field_is_named(const struct perfbuf_event_info *event, size_t field)
{
	const auto *of = field_of(event, field);
	return of ? !of->names.empty() && of->form != field_form::boolean : -EINVAL;
}

int perfbuf_event_field_is_array(const struct perfbuf_event_info *event, size_t field)
{
	const auto *of = field_of(event, field);
	if (!of)
		return -EINVAL;
	return !of->is_text() && !of->is_octets() &&
	       (of->elements > 1 || (of->is_dynamic && of->width() > 1));
}

int perfbuf_event_field_find(const struct perfbuf_event_info *event, const char *name)
{
	const auto &all = event->of.format.fields;
	const auto *found = event->of.format.find(name);
	return found ? static_cast<int>(found - all.data()) : -ENOENT;
}

/* ---------------------------------------------------------------- samples */

const struct perfbuf_event_info *perfbuf_sample_event(const struct perfbuf_sample *sample)
{
	return sample->event;
}

uint64_t perfbuf_sample_time(const struct perfbuf_sample *sample)
{
	return sample->time;
}

uint32_t perfbuf_sample_cpu(const struct perfbuf_sample *sample)
{
	return sample->of->cpu;
}

uint32_t perfbuf_sample_pid(const struct perfbuf_sample *sample)
{
	return sample->of->pid;
}

uint32_t perfbuf_sample_tid(const struct perfbuf_sample *sample)
{
	return sample->of->tid;
}

uint64_t perfbuf_sample_ip(const struct perfbuf_sample *sample)
{
	return sample->of->ip;
}

size_t perfbuf_sample_field_count(const struct perfbuf_sample *sample, size_t field)
{
	const auto *of = sample->field(field);
	return of ? of->count(sample->of->raw) : 0;
}

int perfbuf_sample_integer(const struct perfbuf_sample *sample, size_t field, size_t element,
			   uint64_t *out)
{
	const auto *of = sample->field(field);
	const auto value = of ? of->integer(sample->of->raw, element) : std::nullopt;
	if (!value)
		return -EINVAL;
	*out = *value;
	return 0;
}

int perfbuf_sample_bytes(const struct perfbuf_sample *sample, size_t field, const void **bytes,
			 size_t *size)
{
	const auto *of = sample->field(field);
	if (!of)
		return -EINVAL;
	const auto found = of->bytes(sample->of->raw);
	*bytes = found.data();
	*size = found.size();
	return 0;
}

int perfbuf_sample_text(const struct perfbuf_sample *sample, size_t field, char *to, size_t size)
{
	return guarded([&] {
		const auto *of = sample->field(field);
		if (!of)
			return -EINVAL;
		const std::string text = of->show(sample->of->raw);
		if (size) {
			const size_t fits = std::min(text.size(), size - 1);
			std::memcpy(to, text.data(), fits);
			to[fits] = 0;
		}
		return static_cast<int>(text.size());
	});
}

/* ---------------------------------------------------------------- live */

int perfbuf_session_open(const char *const *names, size_t count, int pid, size_t pages,
			 struct perfbuf_session **out)
{
	return guarded([&] {
		const std::vector<std::string> all(names, names + count);
		session_options options;
		options.pid = pid;
		if (pages)
			options.pages = pages;
		auto made = session::open(all, options);
		if (!made)
			return refuse(made.error());
		auto infos = infos_of(made->events());
		*out = new perfbuf_session{*std::move(made), std::move(infos), {}};
		return 0;
	});
}

void perfbuf_session_close(struct perfbuf_session *session)
{
	delete session;
}

size_t perfbuf_session_event_count(const struct perfbuf_session *session)
{
	return session->events.size();
}

const struct perfbuf_event_info *perfbuf_session_event(const struct perfbuf_session *session,
						       size_t event)
{
	return event < session->events.size() ? &session->events[event] : nullptr;
}

int perfbuf_session_set_filter(struct perfbuf_session *session, size_t event, const char *filter)
{
	return guarded([&] {
		const auto done = session->of.set_filter(event, filter);
		return done ? 0 : refuse(done.error());
	});
}

int perfbuf_session_record(struct perfbuf_session *session, const char *path)
{
	return guarded([&] {
		if (session->writer)
			return refuse(EBUSY, "the session is recorded already");
		auto made = perf_data_writer::create(path, session->of.events());
		if (!made)
			return refuse(made.error());
		session->writer.emplace(*std::move(made));
		return 0;
	});
}

int perfbuf_session_start(struct perfbuf_session *session)
{
	return guarded([&] {
		const auto done = session->of.start();
		return done ? 0 : refuse(done.error());
	});
}

int perfbuf_session_stop(struct perfbuf_session *session)
{
	return guarded([&] {
		const auto done = session->of.stop();
		return done ? 0 : refuse(done.error());
	});
}

int perfbuf_session_fd(const struct perfbuf_session *session)
{
	return session->of.fd();
}

int perfbuf_session_wait(struct perfbuf_session *session, int timeout)
{
	return guarded([&] {
		const auto ready = session->of.wait(timeout);
		return ready ? static_cast<int>(*ready) : refuse(ready.error());
	});
}

int perfbuf_session_read(struct perfbuf_session *session, perfbuf_sample_fn use, void *data)
{
	return guarded([&] { return read_session(session, use, data, false); });
}

int perfbuf_session_finish(struct perfbuf_session *session, perfbuf_sample_fn use, void *data)
{
	return guarded([&] { return read_session(session, use, data, true); });
}

uint64_t perfbuf_session_lost(const struct perfbuf_session *session)
{
	return session->of.lost();
}

/* ---------------------------------------------------------------- perf.data */

int perfbuf_recording_open(const char *path, struct perfbuf_recording **out)
{
	return guarded([&] {
		auto made = perf_data_reader::open(path);
		if (!made)
			return refuse(made.error());
		auto infos = infos_of(made->events());
		*out = new perfbuf_recording{*std::move(made), std::move(infos)};
		return 0;
	});
}

void perfbuf_recording_close(struct perfbuf_recording *recording)
{
	delete recording;
}

size_t perfbuf_recording_event_count(const struct perfbuf_recording *recording)
{
	return recording->events.size();
}

const struct perfbuf_event_info *perfbuf_recording_event(const struct perfbuf_recording *recording,
							 size_t event)
{
	return event < recording->events.size() ? &recording->events[event] : nullptr;
}

int perfbuf_recording_read(struct perfbuf_recording *recording, perfbuf_sample_fn use, void *data)
{
	return guarded([&] {
		passing pass(recording->events, recording->of.events(), nullptr, use, data);
		const auto done =
			recording->of.each([&](const record &found, const described_event &event,
					       uint64_t time) { pass(found, event, time); });
		return done ? pass.answer() : refuse(done.error());
	});
}
