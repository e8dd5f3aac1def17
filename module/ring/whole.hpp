/* SPDX-License-Identifier: GPL-2.0 */
/* The whole ring in one translation unit, for modules that compile it into themselves (tests and
 * benchmarks). */
#pragma once

#include "ring/aux.cpp"
#include "ring/aux_life.cpp"
#include "ring/aux_storage.cpp"
#include "ring/latency.cpp"
#include "ring/loss.cpp"
#include "ring/perf_buffer.cpp"
#include "ring/storage.cpp"
#include "ring/wakeup.cpp"
#include "ring/write.cpp"
