// SPDX-License-Identifier: GPL-2.0
/*
 * The ring, compiled into the test module: the product exports nothing for its tests, and they
 * run without it.
 */
#include "ring/whole.hpp"
