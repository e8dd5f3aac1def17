// SPDX-License-Identifier: GPL-2.0
/* The ring of the module itself, compiled in: perfbuf.ko need not be loaded. */
#include "ring/whole.hpp"
