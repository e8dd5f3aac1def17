// SPDX-License-Identifier: GPL-2.0
/* module/glue/producer.c on the host. */
#include "glue.hpp"

#include "glue/trim.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace perfbuf;

perfbuf::host::machine perfbuf::host::now;

using perfbuf::host::now;

namespace
{

constexpr u32 flag_irqs_off = 0x01, flag_softirq = 0x10, flag_hardirq = 0x08, flag_nmi = 0x40;
constexpr u64 irqs_on = 0x200;

struct percpu {
	size_t bytes;
	char *at[host::cpus];
};

} // namespace

extern "C" {

/* ---------------------------------------------------------------- glue/producer.c: emission */

namespace
{

pb_event_cpu *enter(perfbuf_emission &emission, const perfbuf_event &event) noexcept
{
	emission.irq_flags = now.irqs_off ? 0 : irqs_on;
	now.irqs_off = true;
	now.emissions++;
	if (!event.cpus)
		return nullptr;
	return static_cast<pb_event_cpu *>(pb_percpu_at(event.cpus, now.cpu));
}

u32 word_of(const perfbuf_emission &emission, const pb_event_cpu &here) noexcept
{
	u32 word = here.common ^ (emission.irq_flags & irqs_on ? PB_COMMON_IRQS_OFF : 0);

	return word | (now.preempt_count & 0xff) << 24;
}

u64 common_of(const perfbuf_emission &emission, const pb_event_cpu &here) noexcept
{
	u32 flags = 0;

	switch (now.level) {
	case nesting::task:
		break;
	case nesting::softirq:
		flags = flag_softirq;
		break;
	case nesting::irq:
		flags = flag_hardirq;
		break;
	case nesting::nmi:
		flags = flag_nmi;
	}
	return word_of(emission, here) | flags << 16 |
	       static_cast<u64>(static_cast<u32>(now.pid)) << 32;
}

u64 ids() noexcept
{
	return static_cast<u32>(now.pid) | static_cast<u64>(static_cast<u32>(now.tgid)) << 32;
}

void gather(perfbuf_emission &emission, const pb_event_cpu &here) noexcept
{
	if (here.needs & PB_NEEDS_TIME)
		emission.time = pb_clock_ns(-1);
	if (here.needs & PB_NEEDS_IDS)
		emission.ids = ids() << 32 | ids() >> 32;
}

} // namespace

void *perfbuf_fixed_emit(perfbuf_emission *emission, perfbuf_event *event) noexcept
{
	pb_event_cpu *here = enter(*emission, *event);

	if (!here)
		return pb_emission_over(emission);
	if (now.level == nesting::task) {
		if (here->alone == PB_ALONE_RAW)
			return perfbuf_emit_raw(emission, here, ids(), word_of(*emission, *here));
		if (here->alone == PB_ALONE_RAW_TIME_TID_CPU)
			return perfbuf_emit_raw_time_tid_cpu(
				emission, here, ids(), word_of(*emission, *here), pb_clock_ns(-1));
	}
	if (!here->first)
		return pb_emission_over(emission);
	gather(*emission, *here);
	if (now.level == nesting::task && here->needs && here->alone == PB_ALONE_OTHERS)
		return perfbuf_emit_others(emission, here, common_of(*emission, *here));
	return perfbuf_emit_any(emission, here, common_of(*emission, *here),
				static_cast<u32>(now.level));
}

void *perfbuf_emit_begin(perfbuf_emission *emission, perfbuf_event *event, void *spare,
			 const perfbuf_part *parts, __u32 part_count) noexcept
{
	pb_event_cpu *here = enter(*emission, *event);

	if (!here || !here->first)
		return pb_emission_over(emission);
	gather(*emission, *here);
	return perfbuf_emit_parts(emission, here, common_of(*emission, *here),
				  static_cast<u32>(now.level), event->bytes, spare, parts,
				  part_count);
}

void *perfbuf_burst_begin(perfbuf_burst *burst, perfbuf_event *event, __u32 records) noexcept
{
	perfbuf_emission *emission = &burst->emission;
	pb_event_cpu *here = enter(*emission, *event);

	if (!here || !here->first)
		return pb_emission_over(emission);
	gather(*emission, *here);
	return perfbuf_burst_open(burst, here, common_of(*emission, *here),
				  static_cast<u32>(now.level), records);
}

static void *emit_raw_event(perfbuf_emission *emission, perfbuf_event *event, __u32 bytes,
			    void *spare) noexcept
{
	pb_event_cpu *here = enter(*emission, *event);

	if (!here || !here->first)
		return pb_emission_over(emission);
	return perfbuf_raw_begin(emission, here, common_of(*emission, *here),
				 static_cast<u32>(now.level), bytes, spare);
}

bool perfbuf_begin(perfbuf_emission *emission, perfbuf_event *event, __u32 bytes) noexcept
{
	return emit_raw_event(emission, event, bytes, nullptr);
}

void *perfbuf_reserve(perfbuf_emission *emission, perfbuf_event *event, __u32 bytes,
		      void *spare) noexcept
{
	return emit_raw_event(emission, event, bytes, spare);
}

int pb_emission_let_interrupts_in(perfbuf_emission *emission) noexcept
{
	if (!(emission->irq_flags & irqs_on) || now.level != nesting::task)
		return false;
	now.let_in++;
	if (now.interrupt) {
		now.irqs_off = false;
		now.interrupt();
		now.irqs_off = true;
	}
	return true;
}

void *pb_emission_over(perfbuf_emission *emission) noexcept
{
	now.irqs_off = !(emission->irq_flags & irqs_on);
	now.emissions--;
	return nullptr;
}

void pb_with_here_regs(void (*fn)(void *arg, const pb_regs *regs), void *arg) noexcept
{
	fn(arg, reinterpret_cast<const pb_regs *>(&now));
}

/* ---------------------------------------------------------------- glue/producer.c: registration */

int pb_module_get(void *module) noexcept
{
	if (now.module_goes)
		return 0;
	now.last_module = module;
	now.modules++;
	return 1;
}

void pb_module_put(void *) noexcept
{
	now.modules--;
}

int pb_trace_id_get(void **held) noexcept
{
	if (now.trace_id_error)
		return -now.trace_id_error;
	now.trace_ids++;
	*held = &now;
	return static_cast<int>(now.next_trace_id++);
}

void pb_trace_id_put(void *) noexcept
{
	now.trace_ids--;
}

/* The word that producer.hpp reads without a jump label. */
void pb_event_enable(perfbuf_event *event) noexcept
{
	event->listened[0]++;
	now.patches++;
}

void pb_event_disable(perfbuf_event *event) noexcept
{
	if (!event->listened[0]--)
		std::abort();
	now.patches++;
}

void pb_trim_later(void) noexcept
{
	now.trims_later = true;
}

void *pb_percpu_alloc(unsigned long bytes) noexcept
{
	if (now.percpu_fails)
		return nullptr;

	percpu *made = static_cast<percpu *>(std::malloc(sizeof(*made)));

	made->bytes = bytes;
	for (char *&memory : made->at)
		memory = static_cast<char *>(std::calloc(1, bytes));
	now.percpu++;
	return made;
}

void pb_percpu_free(void *memory) noexcept
{
	if (!memory)
		return;
	for (char *copy : static_cast<percpu *>(memory)->at)
		std::free(copy);
	std::free(memory);
	now.percpu--;
}

void *pb_percpu_at(void *memory, __u32 cpu) noexcept
{
	return static_cast<percpu *>(memory)->at[cpu];
}

void pb_percpu_each(void *memory, void (*fn)(void *arg, void *at), void *arg) noexcept
{
	for (char *copy : static_cast<percpu *>(memory)->at)
		fn(arg, copy);
}

void pb_log_other_abi(void *, __u32 abi) noexcept
{
	std::snprintf(now.refusal, sizeof(now.refusal), "version %u", abi);
}

void pb_log_refusal(const char *source, const char *refused, const char *why) noexcept
{
	now.refused_source = source;
	std::snprintf(now.refusal, sizeof(now.refusal), "%s %s", refused, why);
}

void pb_log_field_refusal(const char *source, const char *event, const char *field,
			  const char *why) noexcept
{
	now.refused_source = source;
	std::snprintf(now.refusal, sizeof(now.refusal), "%s %s %s", event, field, why);
}

} // extern "C"
