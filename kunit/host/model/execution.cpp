// SPDX-License-Identifier: GPL-2.0
/* One execution of a scenario: its choices, and the report of a failure. */
#include "execution.hpp"

#include "scenario.hpp"

#include "../host.hpp"

#include <cstdio>
#include <cstdlib>

namespace perfbuf::model
{

namespace
{

execution *at_hand;
const explorer *choices_at_hand;
const char *name_at_hand;

} // namespace

void execution::begin(const char *name, const explorer &choices)
{
	at_hand = this;
	choices_at_hand = &choices;
	name_at_hand = name;
	host::on_raise = [](const void *work) { at_hand->raised(work); };
	host::on_order_stores = [](int cpu) { at_hand->ordered(cpu); };
}

void execution::end()
{
	host::on_raise = nullptr;
	host::on_order_stores = nullptr;
	at_hand = nullptr;
}

execution *execution::current()
{
	return at_hand;
}

void fail(const char *message)
{
	std::fprintf(stderr, "%s: %s\n  choices:", name_at_hand, message);
	choices_at_hand->print_path(stderr);
	if (at_hand)
		at_hand->print();
	std::exit(1);
}

} // namespace perfbuf::model

void cxxrt::model::before(access kind, const volatile void *where, std::size_t bytes) noexcept
{
	if (auto *current = perfbuf::model::execution::current())
		current->before(kind, where, bytes);
}
