// SPDX-License-Identifier: GPL-2.0
/* Stores of CPUs that arrive in any order that barriers admit. */
#include "weak_cpus.hpp"

#include "scenario.hpp"

#include <algorithm>

namespace perfbuf::model
{

using enum cxxrt::model::access;

weak_cpus::word &weak_cpus::find(const volatile void *where, std::size_t bytes)
{
	for (const auto &word : words_) {
		if (word->where != where)
			continue;
		if (word->bytes != bytes)
			fail("the model knows no word that is accessed in two sizes");
		return *word;
	}
	words_.push_back(std::make_unique<word>());

	word &made = *words_.back();

	made.where = const_cast<void *>(where);
	made.bytes = bytes;
	made.history.push_back({get(made), 0});
	return made;
}

u64 weak_cpus::get(const word &at)
{
	u64 value = 0;

	std::memcpy(&value, at.where, at.bytes);
	return value;
}

void weak_cpus::put(const word &at, u64 value)
{
	std::memcpy(at.where, &value, at.bytes);
}

const weak_cpus::store *weak_cpus::pending(unsigned cpu, const word &at) const
{
	const auto &stores = of_[cpu].stores;

	for (auto store = stores.rbegin(); store != stores.rend(); ++store)
		if (store->at == &at && !store->arrived)
			return &*store;
	return nullptr;
}

void weak_cpus::append(unsigned cpu, word &at, u64 value)
{
	at.history.push_back({value, ++now_});
	at.seen[cpu] = at.history.size() - 1;
	if (!settled_)
		arrived_();
}

void weak_cpus::arrive(unsigned cpu, std::size_t index)
{
	auto &stores = of_[cpu].stores;

	if (stores[index].arrived)
		return;
	stores[index].arrived = true;

	const store store = stores[index];

	for (std::size_t i = 0; i < index; i++)
		if (stores[i].epoch < store.epoch || store.releases || stores[i].at == store.at)
			arrive(cpu, i);
	append(cpu, *store.at, store.value);
}

void weak_cpus::let_arrive(unsigned cpu, const word &at)
{
	const unsigned other = 1 - cpu;
	const auto &stores = of_[other].stores;

	for (std::size_t i = 0; i < stores.size(); i++) {
		if (stores[i].arrived || stores[i].at != &at)
			continue;
		if (!settled_ && !choices_.choose(2))
			return;
		arrive(other, i);
	}
}

u64 weak_cpus::load_word(unsigned cpu, word &at, bool acquires)
{
	cpu_state &self = of_[cpu];

	if (const store *own = pending(cpu, at))
		return own->value;
	let_arrive(cpu, at);

	std::size_t oldest = at.seen[cpu];
	const std::size_t newest = at.history.size() - 1;

	while (oldest < newest && at.history[oldest + 1].time <= self.window)
		oldest++;

	const std::size_t index =
		settled_ ? newest
			 : newest - choices_.choose(static_cast<unsigned>(newest - oldest) + 1);
	const u64 satisfied = std::max(self.window, at.history[index].time);

	at.seen[cpu] = index;
	self.loaded = std::max(self.loaded, satisfied);
	if (acquires)
		self.window = satisfied;
	return at.history[index].value;
}

void weak_cpus::before(unsigned cpu, cxxrt::model::access kind, const volatile void *where,
		       std::size_t bytes)
{
	cpu_state &self = of_[cpu];

	finish();
	switch (kind) {
	case barrier:
	case plain_store:
		return;
	case wmb:
		self.epoch++;
		return;
	case rmb:
		self.window = std::max(self.window, self.loaded);
		return;
	case mb:
		fence(cpu);
		return;
	default:
		break;
	}

	word &at = find(where, bytes);

	switch (kind) {
	case load:
	case acquire:
		put(at, load_word(cpu, at, kind == acquire));
		return;
	case rmw:
		fence(cpu);
		let_arrive(cpu, at);
		put(at, at.history.back().value);
		break;
	case local_rmw: {
		const store *own = pending(cpu, at);

		put(at, own ? own->value : at.history.back().value);
		break;
	}
	default:
		break;
	}
	making_ = {cpu, &at, kind, get(at)};
}

void weak_cpus::finish()
{
	if (!making_.at)
		return;

	word &at = *std::exchange(making_.at, nullptr);
	const unsigned cpu = making_.cpu;
	cpu_state &self = of_[cpu];
	const u64 value = get(at);

	if (making_.kind == rmw) {
		if (value != making_.before)
			append(cpu, at, value);
		at.seen[cpu] = at.history.size() - 1;
		fence(cpu);
	} else if (settled_) {
		append(cpu, at, value);
	} else if (making_.kind != local_rmw || value != making_.before) {
		self.stores.push_back({&at, value, self.epoch, making_.kind == release, false});
	}
}

void weak_cpus::fence(unsigned cpu)
{
	for (std::size_t i = 0; i < of_[cpu].stores.size(); i++)
		arrive(cpu, i);
	of_[cpu].stores.clear();
	of_[cpu].window = now_;
}

void weak_cpus::see(unsigned cpu, u64 time)
{
	of_[cpu].window = std::max(of_[cpu].window, time);
}

void weak_cpus::settle()
{
	finish();
	settled_ = true;
	for (unsigned cpu = 0; cpu < cpus; cpu++)
		fence(cpu);
	for (unsigned cpu = 0; cpu < cpus; cpu++)
		of_[cpu].window = now_;
	show_arrived();
}

void weak_cpus::show_arrived()
{
	for (const auto &word : words_)
		put(*word, word->history.back().value);
}

u64 weak_cpus::arrived(const void *where)
{
	for (const auto &word : words_)
		if (word->where == where)
			return word->history.back().value;

	/* The CPUs do not share it. */
	u64 value;

	std::memcpy(&value, where, sizeof(value));
	return value;
}

} // namespace perfbuf::model
