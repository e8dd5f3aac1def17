/* SPDX-License-Identifier: GPL-2.0 */
/* Scenarios to explore: a ring, the records of each context, and how often others may intervene. */
#pragma once

#include "ring/perf_buffer.hpp"

#include <vector>

namespace perfbuf::model
{

/* One record that a writer attempts. */
struct op {
	u32 bytes;
	bool wakes = false;    /* request_wakeup() */
	u32 every = 0;	       /* count_event() */
	bool given_up = false; /* begin_discardable(), discard() */
	bool flush = false;    /* flush_lost() instead of a record */
	bool alarm = false;    /* no record: irq_works run, and a started alarm fires */
	bool reads = false;    /* no record: the reader takes all but @bytes (two CPUs) */
};

/* Records that the scenarios have in common. The first does not fit into their rings. */
inline constexpr op too_big = {200};
inline constexpr op the_alarm = {.bytes = 0, .alarm = true};

constexpr op waking(u32 bytes)
{
	return {.bytes = bytes, .wakes = true};
}

constexpr op counted(u32 bytes)
{
	return {.bytes = bytes, .every = 2};
}

constexpr op given_up(u32 bytes)
{
	return {.bytes = bytes, .given_up = true};
}

inline constexpr unsigned contexts = 3; /* task, irq, NMI: each interrupts those before it */

struct scenario {
	const char *name;
	perf_buffer::options ring;
	std::vector<op> script[contexts];	   /* what a context does each time it runs */
	unsigned interrupts[contexts] = {1, 1, 1}; /* how often it comes, at any access */
	unsigned drains = 0;	      /* how often a reader takes everything, at any access */
	bool pauses = false;	      /* a pause and its end, each at any access */
	std::vector<u32> before = {}; /* records that are there, unread, at the start */
	bool latency = false;	      /* each record must be woken for, by the alarm */
	unsigned far_alarms = 0;      /* how often the alarm fires on another CPU, at any access */
	bool sleeps = false;	      /* the reader sleeps in poll(), and is woken (oracle/) */
	bool watched = false;	      /* the statistics are, from the start */
	bool watches = false;	      /* the statistics are mapped at any access */
	unsigned rounds = 0;	      /* of the reader on another CPU, a step at a time */
	u64 at_least = 0;	      /* executions: fewer is a failure */
};

/* A transaction or a reservation of an AUX area. */
struct aux_op {
	u64 bytes;
};

struct aux_scenario {
	const char *name;
	bool shared = false;
	bool overwrite = false;
	u32 watermark = 0;
	u64 start = 0;
	std::vector<aux_op> script[contexts];
	unsigned interrupts[contexts] = {1, 1, 1};
	unsigned drains = 0;
	u64 before = 0; /* bytes that are there, unread, at the start */
	unsigned rounds = 0;
	u64 at_least = 0;
};

/* Actions of another CPU on the ring while the first CPU writes. */
enum class cpus_op {
	pause,		/* and waits until no writer is inside */
	map_statistics, /* all of which are kept from then on */
	set_latency,	/* each record must be woken for from then on */
	fire_alarm,	/* of the latency, if it was started */
	poll,		/* the reader polls */
	read,		/* the reader takes everything */
	barrier,	/* smp_mb(): what poll() says then was true since */
	attach,		/* one more target of wakeups */
	poll_aux,
	read_aux_part, /* all but 8 bytes */
	copy,  /* what writers overwrite meanwhile, and then the position that they reserved */
	print, /* the same at an oops, without an interrupt of the writers' CPU */
};

struct cpus_scenario {
	const char *name;
	perf_buffer::options ring;
	std::vector<op> writes;
	std::vector<cpus_op> other;
	unsigned switches = 3; /* at most so often one CPU stops and the other one goes on */
	bool latency = false;  /* is set from the start */
	bool aux = false;      /* the records are bytes of an area, which is shared */
	u32 aux_watermark = 0;
	u64 at_least = 0;
};

std::vector<scenario> nesting_scenarios();
std::vector<scenario> wakeup_scenarios();
std::vector<scenario> reader_scenarios();
std::vector<aux_scenario> aux_scenarios();
std::vector<cpus_scenario> cpus_scenarios();

/* A barrier that the reader leaves out: a test of the model, not of the ring. */
enum class reader_fault { none, no_rmb, no_mb, no_aux_rmb };

/* Explores it all; returns the executions. Exits with 1 at the first that breaks a promise. */
u64 explore(const scenario &scenario, reader_fault fault);
u64 explore(const aux_scenario &scenario, reader_fault fault);
u64 explore(const cpus_scenario &scenario);

/* The execution at hand breaks the promise @promise: says how it came there, and exits with 1. */
[[noreturn]] void fail(const char *promise);

} // namespace perfbuf::model
