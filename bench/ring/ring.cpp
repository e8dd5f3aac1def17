// SPDX-License-Identifier: GPL-2.0
/* The module's ring, compiled into the benchmark's module. Typed events go through perfbuf.ko. */
#include "ring/whole.hpp"
