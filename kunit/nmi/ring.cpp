// SPDX-License-Identifier: GPL-2.0
/* The ring, compiled into the test: kunit/ring_under_test.cpp says why. */
#include "ring/aux.cpp"
#include "ring/aux_storage.cpp"
#include "ring/latency.cpp"
#include "ring/perf_buffer.cpp"
#include "ring/storage.cpp"
