// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/* The C API: sessions and recordings, which pass samples. */
#include <optional>
#include <perfbuf/perf_data.hpp>
#include <perfbuf/session.hpp>

#include "handles.hpp"

using namespace perfbuf::reader;
using namespace perfbuf::c_api;

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

std::vector<perfbuf_event_info> infos_of(const std::vector<described_event> &events)
{
	std::vector<perfbuf_event_info> all;
	for (const auto &each : events)
		all.push_back({each});
	return all;
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

uint64_t perfbuf_session_given_up(const struct perfbuf_session *session)
{
	return session->of.given_up();
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
