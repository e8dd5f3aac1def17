// SPDX-License-Identifier: GPL-2.0
/* Explores all executions of a litmus test under the model of memory. */
#include "litmus.hpp"

#include <set>

namespace perfbuf::litmus
{

namespace
{

constexpr int registers_max = 8;

/* Whether @later may not come before @earlier, of the same CPU. */
bool is_ordered(const step &earlier, const step &later)
{
	if (earlier.kind == kind::mb || later.kind == kind::mb)
		return true;
	if (earlier.kind == kind::wmb)
		return later.kind != kind::load;
	if (later.kind == kind::wmb)
		return earlier.kind != kind::load;
	if (earlier.kind == kind::rmb)
		return later.kind != kind::store;
	if (later.kind == kind::rmb)
		return earlier.kind != kind::store;
	if (earlier.acquire || later.release || earlier.word == later.word)
		return true;
	return earlier.kind == kind::load && later.kind == kind::store &&
	       (later.from == earlier.result || later.condition == earlier.result);
}

class explorer
{
public:
	explicit explorer(const test &program) : program_(program) {}

	verdict explore()
	{
		state start{program_.words, values(registers_max, 0), {}};

		for (const auto &cpu : program_.cpus)
			start.done.push_back(values(cpu.size(), 0));
		visit(start);
		return found_;
	}

private:
	struct state {
		values words;
		values registers;
		std::vector<values> done;

		auto operator<=>(const state &) const = default;
	};

	bool may_run(const state &now, std::size_t cpu, std::size_t index) const
	{
		const auto &steps = program_.cpus[cpu];

		if (now.done[cpu][index])
			return false;
		for (std::size_t i = 0; i < index; i++)
			if (!now.done[cpu][i] && is_ordered(steps[i], steps[index]))
				return false;
		return true;
	}

	void do_step(state &now, std::size_t cpu, std::size_t index) const
	{
		const step &step = program_.cpus[cpu][index];

		now.done[cpu][index] = 1;
		if (step.kind == kind::load)
			now.registers[step.result] = now.words[step.word];
		else if (step.kind == kind::store &&
			 (step.condition < 0 || now.registers[step.condition]))
			now.words[step.word] =
				step.from < 0 ? step.value : now.registers[step.from];
	}

	void visit(const state &now)
	{
		if (!seen_.insert(now).second)
			return;
		found_.states++;

		bool ended = true;

		for (std::size_t cpu = 0; cpu < program_.cpus.size(); cpu++) {
			for (std::size_t i = 0; i < program_.cpus[cpu].size(); i++) {
				if (!may_run(now, cpu, i))
					continue;

				state next = now;

				ended = false;
				do_step(next, cpu, i);
				if (static_cast<int>(cpu) == program_.interrupt)
					while (++i < program_.cpus[cpu].size())
						do_step(next, cpu, i);
				visit(next);
			}
		}
		if (ended && program_.forbidden(now.registers, now.words))
			found_.happens = true;
	}

	const test &program_;
	std::set<state> seen_;
	verdict found_;
};

} // namespace

verdict run(const test &program)
{
	return explorer(program).explore();
}

} // namespace perfbuf::litmus
