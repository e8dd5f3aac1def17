/* SPDX-License-Identifier: GPL-2.0 */
/* Opens what a peer needs of user space, and reads its records back. */
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

/* The payloads of all records since the last call, one after the other. */
class reader
{
public:
	virtual ~reader() = default;
	virtual std::vector<uint64_t> read() = 0;
	/* What the module is given; -1: nothing. */
	virtual int fd() const { return -1; }
};

[[noreturn]] void fail(const char *what);

/* @mode as in ring_bench.h; a reader that perf or BPF lets see the ring through its own mapping. */
std::unique_ptr<reader> open_perf(unsigned mode);
std::unique_ptr<reader> open_bpf();

/* The record as a typed event of 64 bytes, with TID, TIME and CPU; lean: without those. */
std::unique_ptr<reader> open_tracepoint(bool lean);
std::unique_ptr<reader> open_typed(bool lean, bool in_one_piece);
/* Of an event to which nobody listens. */
std::unique_ptr<reader> open_nobody();
/* A tracepoint that ftrace listens to. */
std::unique_ptr<reader> open_ftrace();
/* Has the module read. */
std::unique_ptr<reader> open_module(int bench);
