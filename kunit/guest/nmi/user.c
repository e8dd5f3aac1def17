// SPDX-License-Identifier: GPL-2.0
/*
 * user CPU FILE BITS: a loop that runs a while in user space and then writes to
 * FILE, until that fails, in 64-bit or 32-bit code on one CPU. Its registers and its
 * stack are what user.h says. Linked below 4 GiB.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "user.h"

/* A page of its own: what is below the stack pointer is not for the loop to write either. */
static _Alignas(4096) uint64_t stack[4096 / 8];

static void run_64(long fd, uint64_t *sp)
{
	asm volatile("mov %[sp], %%rsp\n\t"
		     "mov %[rbx], %%rbx\n\t"
		     "mov %[rbp], %%rbp\n\t"
		     "lea 1f(%%rip), %%r12\n\t"
		     "lea 3f(%%rip), %%r13\n\t"
		     "xor %%r15d, %%r15d\n\t"
		     "1: inc %%r15\n\t"
		     "mov %%r15, %c[round](%%rsp)\n\t"
		     "mov %%r15, %%r8\n\t"
		     ".fill %c[update] - (. - 1b), 1, 0x90\n\t"
		     "mov $1, %%eax\n\t" /* write */
		     "syscall\n\t"
		     "mov $200, %%ecx\n\t"
		     "2: dec %%ecx\n\t"
		     "jnz 2b\n\t"
		     "test %%rax, %%rax\n\t"
		     "jns 1b\n\t"
		     "3: mov $60, %%eax\n\t" /* exit */
		     "xor %%edi, %%edi\n\t"
		     "syscall\n\t"
		     "ud2"
		     :
		     : "D"(fd), "S"("1"),
		       "d"(1L), [sp] "r"(sp), [rbx] "i"(USER_RBX), [rbp] "i"(USER_RBP),
		       [round] "i"(USER_STACK_BYTES), [update] "i"(USER_UPDATE_BYTES)
		     : "memory");
	__builtin_unreachable();
}

/* Every x86-64 kernel has a segment for 32-bit code; its selector is part of the ABI. */
static void run_32(long fd, uint64_t *sp)
{
	static struct __attribute__((packed)) {
		uint32_t offset;
		uint16_t selector;
	} target = {0, 0x23};

	asm volatile("lea 1f(%%rip), %%r8\n\t"
		     "mov %%r8d, %[target]\n\t"
		     "mov %[sp], %%rsp\n\t"
		     "ljmpl *%[target]\n\t"
		     ".code32\n\t"
		     "1: mov $2f, %%esi\n\t"
		     "mov $4f, %%edi\n\t"
		     "xor %%ebp, %%ebp\n\t"
		     "2: inc %%ebp\n\t"
		     "mov %%ebp, %c[round](%%esp)\n\t"
		     ".fill %c[update] - (. - 2b), 1, 0x90\n\t"
		     "mov $4, %%eax\n\t" /* write */
		     "int $0x80\n\t"
		     "mov %%eax, %%edx\n\t"
		     "mov $200, %%eax\n\t"
		     "3: dec %%eax\n\t"
		     "jnz 3b\n\t"
		     "test %%edx, %%edx\n\t"
		     "mov $1, %%edx\n\t"
		     "jns 2b\n\t"
		     "4: mov $1, %%eax\n\t" /* exit */
		     "xor %%ebx, %%ebx\n\t"
		     "int $0x80\n\t"
		     "ud2\n\t"
		     ".code64"
		     : [target] "+m"(target)
		     : "b"(fd), "c"("1"), "d"(1L), [sp] "r"(sp), [round] "i"(USER_STACK_BYTES),
		       [update] "i"(USER_UPDATE_BYTES)
		     : "memory", "r8");
	__builtin_unreachable();
}

int main(int argc, char **argv)
{
	uint64_t *end = stack + sizeof(stack) / sizeof(*stack);
	uint64_t *round = end - 1;
	uint64_t *sp = round - USER_STACK_BYTES / sizeof(*stack);
	cpu_set_t cpus;
	int fd;

	if (argc != 4)
		return 2;
	CPU_ZERO(&cpus);
	CPU_SET(atoi(argv[1]), &cpus);
	fd = open(argv[2], O_WRONLY);
	if (fd < 0 || sched_setaffinity(0, sizeof(cpus), &cpus))
		return 1;
	for (uint64_t *word = sp; word < round; word++)
		*word = USER_STACK_WORD((uintptr_t)word);
	if (strcmp(argv[3], "32") == 0)
		run_32(fd, sp);
	run_64(fd, sp);
}
