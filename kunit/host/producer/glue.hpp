/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The host's stand-in for the kernel around typed events: module/glue/producer.c with
 * the C entries of emission, and as much of the rest of module/glue as the files of
 * module/device need that module/producer is built on. docs/producer.md says what it
 * covers.
 *
 * There is one thread. "The CPU" and the context are variables, so a test interrupts an emission
 * by emitting from another context while the payload is being stored.
 */
#pragma once

#include "device/task.h"
#include "glue/producer.h"
#include "ring/recursion.hpp"

#include <string>
#include <vector>

namespace perfbuf::host
{

inline constexpr u32 cpus = 4;

struct machine {
	u32 cpu = 0;
	nesting level = nesting::task;
	bool irqs_off = false;
	u32 preempt_count = 0;
	u64 clock = 1000; /* ns; each look adds 1 */
	u32 clock_looks = 0;
	s32 pid = 42, tgid = 40;
	u32 task = 0; /* the current one: task_of() */
	/* The chain that is unwound in the kernel, and the registers that this was last asked of.
	 */
	std::vector<u64> frames;
	const void *regs = nullptr;
	bool may_trace = true;
	bool has_pointer_key = true; /* %p can print hashes */
	u32 hashes = 0;		     /* how often it printed one */
	bool first_namespace = true;
	u32 event_readers_max = 64;

	/* The interrupt that comes when a large emission enables interrupts, and how often it did.
	 */
	void (*interrupt)() = nullptr;
	int let_in = 0;

	/* Balances: 0 when nothing is under way. */
	int emissions = 0;
	int trace_ids = 0;
	int modules = 0;
	int percpu = 0;
	int syncs = 0; /* grace periods that were waited for */
	/* The layouts that wait to be trimmed, and how often the kernel's code was patched. */
	bool trims_later = false;
	int patches = 0;
	int hooks = 0; /* attached */
	/* The answers of the kernel to the probes, and the hook of secure execs that is attached.
	 */
	int maps_error = 0;
	int secure_probe_error = 0;
	const char *secure_hook = nullptr;
	u32 next_trace_id = 1000;
	/* The node of the one source. */
	bool has_node = false;
	int node_error = 0;
	struct node_event {
		std::string name;
		u32 id;
		std::string format;
	};
	std::vector<node_event> node_events;
	/* The calls that are refused. */
	bool module_goes = false;
	int trace_id_error = 0;
	bool percpu_fails = false;
	void *last_module = nullptr;
	char refusal[128] = {};
	std::string refused_source;
};

extern machine now;

inline constexpr u32 tasks = 64;
pb_task *task_of(u32 number);

} // namespace perfbuf::host
