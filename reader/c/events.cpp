// SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
/* The C API: errors, events and samples. */
#include <algorithm>
#include <cstring>
#include <new>
#include <optional>

#include "handles.hpp"

using namespace perfbuf::reader;
using namespace perfbuf::c_api;

namespace
{

thread_local std::string last_error;

const typed_field *field_of(const perfbuf_event_info *event, size_t number)
{
	const auto &all = event->of.format.fields;
	return number < all.size() ? &all[number] : nullptr;
}

int refuse_field(const perfbuf_event_info *event, size_t number) noexcept
{
	return guarded([&] {
		return refuse(EINVAL, event->of.name + " has no field " + std::to_string(number) +
					      ": its fields are those below "
					      "perfbuf_event_field_count()");
	});
}

} // namespace

int perfbuf::c_api::refuse(int code, std::string text)
{
	last_error = std::move(text);
	return -code;
}

int perfbuf::c_api::refuse(const error &why)
{
	return refuse(why.code.value() ? why.code.value() : EIO,
		      why.text.find('\n') == std::string::npos
			      ? why.text + ": " + why.code.message()
			      : why.text);
}

int perfbuf::c_api::refuse_exception() noexcept
{
	// The text of the call before would be wrong, and a new one takes memory.
	last_error.clear();
	try {
		throw;
	} catch (const std::bad_alloc &) {
		return -ENOMEM;
	} catch (...) {
		return -EIO;
	}
}

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
		return refuse_field(event, field);
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
	if (!of)
		return refuse_field(event, field);
	return !of->names.empty() && of->form != field_form::boolean;
}

int perfbuf_event_field_is_array(const struct perfbuf_event_info *event, size_t field)
{
	const auto *of = field_of(event, field);
	if (!of)
		return refuse_field(event, field);
	return !of->is_text() && !of->is_octets() &&
	       (of->elements > 1 || (of->is_dynamic && of->width() > 1));
}

int perfbuf_event_field_find(const struct perfbuf_event_info *event, const char *name)
{
	const auto &all = event->of.format.fields;
	const auto *found = event->of.format.find(name);
	if (found)
		return static_cast<int>(found - all.data());
	return guarded(
		[&] { return refuse(ENOENT, event->of.name + " has no field \"" + name + "\""); });
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
	const auto *of = field_of(sample->event, field);
	if (!of || (!of->is_dynamic && of->bytes(sample->of->raw).empty()))
		return 0;
	return of->count(sample->of->raw);
}

int perfbuf_sample_integer(const struct perfbuf_sample *sample, size_t field, size_t element,
			   uint64_t *out)
{
	const auto *of = field_of(sample->event, field);
	if (!of)
		return refuse_field(sample->event, field);
	const auto value = of->integer(sample->of->raw, element);
	if (!value)
		return guarded([&] {
			return refuse(EINVAL, "the field " + of->name +
						      " of this sample has no integer " +
						      std::to_string(element));
		});
	*out = *value;
	return 0;
}

int perfbuf_sample_bytes(const struct perfbuf_sample *sample, size_t field, const void **bytes,
			 size_t *size)
{
	const auto *of = field_of(sample->event, field);
	if (!of)
		return refuse_field(sample->event, field);
	const auto found = of->bytes(sample->of->raw);
	*bytes = found.data();
	*size = found.size();
	return 0;
}

int perfbuf_sample_text(const struct perfbuf_sample *sample, size_t field, char *to, size_t size)
{
	return guarded([&] {
		const auto *of = field_of(sample->event, field);
		if (!of)
			return refuse_field(sample->event, field);
		const std::string text = of->show(sample->of->raw);
		if (size) {
			const size_t fits = std::min(text.size(), size - 1);
			std::memcpy(to, text.data(), fits);
			to[fits] = 0;
		}
		return static_cast<int>(text.size());
	});
}
