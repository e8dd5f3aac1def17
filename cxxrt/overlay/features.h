/* SPDX-License-Identifier: GPL-2.0 */
/* libstdc++'s <bits/os_defines.h> asks for glibc's header of this name, and for this macro alone.
 */
#pragma once
#define __GLIBC_PREREQ(major, minor) 0
