// SPDX-License-Identifier: GPL-2.0
// refused: ERROR: modpost: "vmlinux_keeps_this_one" [
extern "C" void vmlinux_keeps_this_one();
extern "C" int gate_case();
extern "C" int gate_case()
{
	vmlinux_keeps_this_one();
	return 0;
}
