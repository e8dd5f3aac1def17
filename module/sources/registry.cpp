// SPDX-License-Identifier: GPL-2.0
/* The table of the sources that perfbuf itself has, and the registration of inject. */
#include "glue/entry.h"
#include "glue/producer.h"
#include "sources/clock.hpp"
#include "sources/ftrace.hpp"
#include "sources/functrace/source.hpp"
#include "sources/inject.hpp"
#include "sources/pmu.hpp"

namespace perfbuf
{

source *const sources_in_the_box[] = {
	&the_clock, &the_ftrace, &the_pmu, &the_functrace, nullptr,
};

} // namespace perfbuf

/* Our own module is kept by its open files: these need no owner. */
int perfbuf_typed_init(void) noexcept
{
	return perfbuf_producer_register(&perfbuf::inject_source, nullptr, PERFBUF_ABI);
}

void perfbuf_typed_exit(void) noexcept
{
	perfbuf_producer_unregister(&perfbuf::inject_source);
}
