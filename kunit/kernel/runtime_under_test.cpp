// SPDX-License-Identifier: GPL-2.0
/* Apart from the ring: a file with vtables could drop __cxa_pure_virtual (cxxrt/runtime.cpp). */
#include "../../cxxrt/runtime.cpp"
