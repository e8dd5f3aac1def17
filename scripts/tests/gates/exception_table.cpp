// SPDX-License-Identifier: GPL-2.0
// refused: unwind tables (.eh_frame .gcc_except_table)
// flags: -fexceptions -funwind-tables
void work();
struct guard {
	~guard() { work(); }
};
void guarded()
{
	guard here;
	work();
}
