/* SPDX-License-Identifier: GPL-2.0 */
/* One execution of a scenario, as the hooks of the memory model and fail() see it. */
#pragma once

#include "explorer.hpp"

#include "cxxrt_model.hpp"

#include <cstddef>

namespace perfbuf::model
{

class execution
{
public:
	execution() = default;
	execution(const execution &) = delete;
	execution &operator=(const execution &) = delete;

	/* A writer is about to do this. */
	virtual void before(cxxrt::model::access access, const volatile void *where,
			    std::size_t bytes) = 0;
	/* An irq_work was raised. */
	virtual void raised(const void *work) = 0;
	/* A CPU is interrupted, so that its stores are seen in order. */
	virtual void ordered(int) {}
	virtual void print() const = 0;

	static execution *current();

protected:
	~execution() = default;
	/* It is the one at hand; and no longer. */
	void begin(const char *name, const explorer &choices);
	static void end();
};

} // namespace perfbuf::model
