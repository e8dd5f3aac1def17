// SPDX-License-Identifier: GPL-2.0
#include "../../../cxxrt/runtime.cpp"
