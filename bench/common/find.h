/* SPDX-License-Identifier: GPL-2.0 */
/* Finds the address of a kernel symbol, for peers that are not exported. */
#ifndef BENCH_FIND_H
#define BENCH_FIND_H

/* A kernel function that is not exported, or NULL. Process context. */
void *find_symbol(const char *name);

#endif
