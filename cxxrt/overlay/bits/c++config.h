/* SPDX-License-Identifier: GPL-2.0 */
/*
 * libstdc++ was configured for a hosted system. Without threads and futexes <atomic> and <memory>'s
 * inner headers include no <pthread.h>.
 */
#pragma once
#include_next <bits/c++config.h>
#undef _GLIBCXX_HAS_GTHREADS
#undef _GLIBCXX_HAVE_LINUX_FUTEX
