/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An event of a task needs the kernel's hooks, and the kernel patches its code for the first and
 * for the last such event: some thousand times in a run of these tests. QEMU without KVM sometimes
 * executes code that was patched away (docs/testing.md). So one file of each side follows a task
 * that sleeps, from the first test to the last.
 */
#pragma once

namespace device_test
{

void hold_hooks();
/* For a test that needs the module unused. */
void let_hooks_go();

} /* namespace device_test */
