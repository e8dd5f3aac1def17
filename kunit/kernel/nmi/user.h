/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The values that user.c keeps in its registers, and that user_state.c looks for. The loop is from
 * R12 up to R13 (32-bit: from ESI up to EDI). The stack holds USER_STACK_BYTES, each eight of them
 * USER_STACK_WORD(their address), and then the number of the round, which is in R8 and R15 too
 * (32-bit: in EBP), but for the first USER_UPDATE_BYTES of the loop, where it changes.
 */
#ifndef PERFBUF_NMI_USER_H
#define PERFBUF_NMI_USER_H

#define USER_RBX		 0x1122334455667788
#define USER_RBP		 0x0a0b0c0d0e0f1011
#define USER_UPDATE_BYTES	 16
#define USER_STACK_BYTES	 256
#define USER_STACK_WORD(address) ((address) ^ 0x00c0ffee00c0ffee)

#endif /* PERFBUF_NMI_USER_H */
