// SPDX-License-Identifier: GPL-2.0
/* The C++ runtime, compiled into the NMI test's module. */
#include "../../../cxxrt/runtime.cpp"
