/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Stands in for the internal header of this name: uapi headers of a kernel tree, which are not yet
 * run through headers_install, include it.
 */
#pragma once
#define __user
#define __force
#define __attribute_const__ __attribute__((__const__))
#ifndef __always_inline
#define __always_inline inline __attribute__((__always_inline__))
#endif
