// SPDX-License-Identifier: GPL-2.0
/* The ring of the module itself, compiled in: perfbuf.ko need not be loaded. */
#include "ring/aux.cpp"
#include "ring/aux_storage.cpp"
#include "ring/latency.cpp"
#include "ring/perf_buffer.cpp"
#include "ring/storage.cpp"
