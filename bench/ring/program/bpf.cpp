// SPDX-License-Identifier: GPL-2.0
/* BPF's ring buffer, and programs that write to it or to perf's. */
#include "../ring_bench.h"
#include "files.hpp"

#include <cstring>

#include <linux/bpf.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace
{

int bpf(bpf_cmd command, bpf_attr &attr)
{
	const int fd = static_cast<int>(syscall(SYS_bpf, command, &attr, sizeof(attr)));

	if (fd < 0)
		fail("bpf");
	return fd;
}

int make_map(bpf_map_type type, unsigned key_bytes, unsigned value_bytes, unsigned entries)
{
	bpf_attr attr = {};

	attr.map_type = type;
	attr.key_size = key_bytes;
	attr.value_size = value_bytes;
	attr.max_entries = entries;
	return bpf(BPF_MAP_CREATE, attr);
}

void set_first(int map, const void *value)
{
	const uint32_t key = 0;
	bpf_attr attr = {};

	attr.map_fd = static_cast<uint32_t>(map);
	attr.key = reinterpret_cast<uint64_t>(&key);
	attr.value = reinterpret_cast<uint64_t>(value);
	bpf(BPF_MAP_UPDATE_ELEM, attr);
}

class bpf_reader : public reader
{
public:
	explicit bpf_reader(const opening &wanted)
		: data_(wanted.data), map_(make_map(BPF_MAP_TYPE_RINGBUF, 0, 0, wanted.data)),
		  consumer_(static_cast<uint64_t *>(
			  map_shared(map_, page_bytes, PROT_READ | PROT_WRITE, 0))),
		  producer_(static_cast<char *>(
			  map_shared(map_, page_bytes + 2 * data_, PROT_READ, page_bytes)))
	{
	}

	~bpf_reader() override
	{
		munmap(consumer_, page_bytes);
		munmap(producer_, page_bytes + 2 * data_);
		close(map_);
	}

	int fd() const override { return map_; }

	std::vector<uint64_t> read() override
	{
		std::vector<uint64_t> words;

		each([&](const char *record, uint32_t length) {
			const size_t before = words.size();

			words.resize(before + length / sizeof(uint64_t));
			memcpy(&words[before], record, length);
		});
		return words;
	}

	uint64_t sum() override
	{
		uint64_t all = 0;

		each([&](const char *record, uint32_t) {
			uint64_t first;

			memcpy(&first, record, sizeof(first));
			all += first;
		});
		return all;
	}

private:
	/* As the loop of its own library: each record is finished for itself. */
	template <typename Use>
	void each(Use &&use)
	{
		const uint64_t end =
			__atomic_load_n(reinterpret_cast<uint64_t *>(producer_), __ATOMIC_ACQUIRE);
		const char *const data = producer_ + page_bytes;
		const uint64_t mask = data_ - 1;
		uint64_t at = *consumer_;

		while (at != end) {
			const char *record = data + (at & mask);
			const uint32_t length = __atomic_load_n(
				reinterpret_cast<const uint32_t *>(record), __ATOMIC_ACQUIRE);

			if (length & (BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT))
				fail_as("bpf: a record that is unfinished");
			use(record + BPF_RINGBUF_HDR_SZ, length);
			at += (length + BPF_RINGBUF_HDR_SZ + 7) & ~7u;
			__atomic_store_n(consumer_, at, __ATOMIC_RELEASE);
		}
	}

	const size_t data_;
	const int map_;
	uint64_t *const consumer_;
	char *const producer_;
};

/* Instructions, by their operation. A register is its number; r6 keeps the context. */
class assembler
{
public:
	~assembler()
	{
		for (int map : held_)
			close(map);
	}

	/* Of a map that only the program uses: it holds it from its loading on. */
	void hold(int map) { held_.push_back(map); }
	void move(unsigned to, unsigned from) { add(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0); }
	void set(unsigned to, int32_t value) { add(BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, value); }
	void set_low(unsigned to, int32_t value)
	{
		add(BPF_ALU | BPF_MOV | BPF_K, to, 0, 0, value);
	}
	void load(unsigned to, unsigned from, int16_t at)
	{
		add(BPF_LDX | BPF_MEM | BPF_DW, to, from, at, 0);
	}
	void store(unsigned to, int16_t at, unsigned from)
	{
		add(BPF_STX | BPF_MEM | BPF_DW, to, from, at, 0);
	}
	void set_wide(unsigned to, uint64_t value, unsigned kind = 0)
	{
		add(BPF_LD | BPF_IMM | BPF_DW, to, kind, 0, static_cast<int32_t>(value));
		add(0, 0, 0, 0, static_cast<int32_t>(value >> 32));
	}
	void set_map(unsigned to, int fd)
	{
		set_wide(to, static_cast<uint32_t>(fd), BPF_PSEUDO_MAP_FD);
	}
	void set_value(unsigned to, int fd)
	{
		set_wide(to, static_cast<uint32_t>(fd), BPF_PSEUDO_MAP_VALUE);
	}
	void call(int32_t function) { add(BPF_JMP | BPF_CALL, 0, 0, 0, function); }
	void skip_unless_zero(unsigned of, int16_t count)
	{
		add(BPF_JMP | BPF_JNE | BPF_K, of, 0, count, 0);
	}
	void skip_if_zero(unsigned of, int16_t count)
	{
		add(BPF_JMP | BPF_JEQ | BPF_K, of, 0, count, 0);
	}
	void exit() { add(BPF_JMP | BPF_EXIT, 0, 0, 0, 0); }

	int load_program()
	{
		std::string log(1 << 16, '\0');
		bpf_attr attr = {};

		attr.prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT;
		attr.insns = reinterpret_cast<uint64_t>(code_.data());
		attr.insn_cnt = static_cast<uint32_t>(code_.size());
		attr.license = reinterpret_cast<uint64_t>("GPL");
		attr.log_buf = reinterpret_cast<uint64_t>(log.data());
		attr.log_size = static_cast<uint32_t>(log.size());
		attr.log_level = 1;

		const int fd =
			static_cast<int>(syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr)));

		if (fd < 0)
			fail_as("a BPF program is refused: " + std::string(log.c_str()));
		return fd;
	}

private:
	void add(unsigned code, unsigned to, unsigned from, int16_t offset, int32_t value)
	{
		bpf_insn instruction = {};

		instruction.code = static_cast<uint8_t>(code);
		instruction.dst_reg = static_cast<uint8_t>(to & 15);
		instruction.src_reg = static_cast<uint8_t>(from & 15);
		instruction.off = offset;
		instruction.imm = value;
		code_.push_back(instruction);
	}

	std::vector<bpf_insn> code_;
	std::vector<int> held_;
};

/* 0 in r0 is a success, which the program returns as 1. */
void return_success(assembler &code)
{
	code.skip_if_zero(0, 2);
	code.set(0, 0);
	code.exit();
	code.set(0, 1);
	code.exit();
}

/* A record in the program's memory, whose first word is set: its address in @to. */
void make_record(assembler &code, unsigned to, unsigned bytes)
{
	const int memory = make_map(BPF_MAP_TYPE_ARRAY, sizeof(uint32_t), bytes, 1);
	std::vector<uint64_t> words(bytes / sizeof(uint64_t));

	for (size_t i = 0; i < words.size(); i++)
		words[i] = RING_BENCH_WORD(uint64_t{i});
	set_first(memory, words.data());
	code.set_value(to, memory);
	code.load(0, 6, 0);
	code.store(to, 0, 0);
	code.hold(memory);
}

class program_to_ring final : public bpf_reader
{
public:
	program_to_ring(const opening &wanted, bool reserve)
		: bpf_reader(wanted), program_(reserve ? reserving(wanted) : output(wanted))
	{
	}
	~program_to_ring() override { close(program_); }

	int fd() const override { return program_; }

private:
	int reserving(const opening &wanted) const
	{
		assembler code;

		code.move(6, 1);
		code.set_map(1, bpf_reader::fd());
		code.set(2, static_cast<int32_t>(wanted.bytes));
		code.set(3, 0);
		code.call(BPF_FUNC_ringbuf_reserve);
		code.skip_unless_zero(0, 1);
		code.exit();
		code.load(1, 6, 0);
		code.store(0, 0, 1);
		for (unsigned word = 1; word < wanted.bytes / sizeof(uint64_t); word++) {
			code.set_wide(1, RING_BENCH_WORD(uint64_t{word}));
			code.store(0, static_cast<int16_t>(word * sizeof(uint64_t)), 1);
		}
		code.move(1, 0);
		code.set(2, BPF_RB_NO_WAKEUP);
		code.call(BPF_FUNC_ringbuf_submit);
		code.set(0, 1);
		code.exit();
		return code.load_program();
	}

	int output(const opening &wanted) const
	{
		assembler code;

		code.move(6, 1);
		make_record(code, 2, wanted.bytes);
		code.set_map(1, bpf_reader::fd());
		code.set(3, static_cast<int32_t>(wanted.bytes));
		code.set(4, BPF_RB_NO_WAKEUP);
		code.call(BPF_FUNC_ringbuf_output);
		return_success(code);
		return code.load_program();
	}

	int program_;
};

class program_to_perf final : public reader
{
public:
	program_to_perf(const opening &wanted, uint64_t fields, unsigned skip)
	{
		perf_event_attr attr = quiet_attr(wanted.data);

		attr.type = PERF_TYPE_SOFTWARE;
		attr.config = PERF_COUNT_SW_BPF_OUTPUT;
		attr.sample_period = 1;
		attr.sample_type = fields;

		const int event = open_event(attr);
		const int events = make_map(BPF_MAP_TYPE_PERF_EVENT_ARRAY, sizeof(uint32_t),
					    sizeof(uint32_t), 1);
		assembler code;

		set_first(events, &event);
		code.move(6, 1);
		make_record(code, 4, wanted.bytes);
		code.move(1, 6);
		code.set_map(2, events);
		code.set_low(3, -1); /* BPF_F_CURRENT_CPU */
		code.set(5, static_cast<int32_t>(wanted.bytes));
		code.call(BPF_FUNC_perf_event_output);
		return_success(code);
		program_ = code.load_program();
		/* The event leaves the map with the file. */
		events_ = events;
		ring_ = read_event(event, wanted, skip, wanted.bytes);
	}
	~program_to_perf() override
	{
		close(program_);
		close(events_);
	}

	int fd() const override { return program_; }
	uint64_t lost() const override { return ring_->lost(); }
	std::vector<uint64_t> read() override { return ring_->read(); }

private:
	std::unique_ptr<reader> ring_;
	int program_, events_;
};

} // namespace

std::unique_ptr<reader> open_bpf(const opening &wanted)
{
	return std::make_unique<bpf_reader>(wanted);
}

std::unique_ptr<reader> open_program_reserve(const opening &wanted)
{
	return std::make_unique<program_to_ring>(wanted, true);
}

std::unique_ptr<reader> open_program_output(const opening &wanted)
{
	return std::make_unique<program_to_ring>(wanted, false);
}

std::unique_ptr<reader> open_program_perf(const opening &wanted)
{
	return std::make_unique<program_to_perf>(wanted, PERF_SAMPLE_RAW,
						 sizeof(perf_event_header) + sizeof(uint32_t));
}

std::unique_ptr<reader> open_program_perf_time_tid_cpu(const opening &wanted)
{
	return std::make_unique<program_to_perf>(
		wanted, PERF_SAMPLE_RAW | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU,
		sizeof(perf_event_header) + 3 * sizeof(uint64_t) + sizeof(uint32_t));
}
