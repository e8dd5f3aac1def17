// SPDX-License-Identifier: GPL-2.0
/* The ring, compiled into the test: kunit/kernel/ring_under_test.cpp says why. */
#include "ring/whole.hpp"
