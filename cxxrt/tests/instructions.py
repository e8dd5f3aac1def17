#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Whether the operations of cxxrt/memory_model.hpp are the instructions that they are to be.

usage: instructions.py COMPILER

COMPILER is a g++ for x86-64 or arm64. It compiles instructions.cpp as the module is compiled; of each
operation this checks that

 - its instructions are those of the table, in this order, and none of the forbidden ones is there;
 - the compiler has left the store before it before it, and the load behind it behind it, where the
   operation promises that. The same words are stored behind it and loaded before it, so a compiler
   that may move them drops one of the two.

Prints a line for each that is wrong, and "N passed, N failed".
"""
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
STORE, LOAD = "STORE", "LOAD"

# The names of the ARM architecture, which atomic_ll_sc.h and barrier.h of the kernel use.
FULL = [r"ldaxr", r"stlxr", r"dmb\s+ish$"]
ON_ITS_CPU = [r"ldxr", r"stxr"]
NO_ORDER = [r"ldaxr", r"stlxr", r"dmb", r"__aarch64_"]
NO_CALL = [r"\bbl\b", r"__aarch64_"]
ARM64 = {
    "barrier": ([STORE, LOAD], [r"dmb"]),
    "wmb": ([STORE, r"dmb\s+ishst$", LOAD], NO_CALL),
    "rmb": ([STORE, r"dmb\s+ishld$", LOAD], NO_CALL),
    "mb": ([STORE, r"dmb\s+ish$", LOAD], NO_CALL),
    "read_once": ([r"ldr"], [r"dmb", r"ldar"]),
    "write_once": ([r"str"], [r"dmb", r"stlr"]),
    "load_acquire": ([r"ldap?r", LOAD], NO_CALL),
    "store_release": ([STORE, r"stlr"], NO_CALL),
    "shared_fetch_add": ([STORE, *FULL, LOAD], NO_CALL),
    "shared_fetch_or": ([STORE, *FULL, LOAD], NO_CALL),
    "shared_fetch_and": ([STORE, *FULL, LOAD], NO_CALL),
    "shared_try_cmpxchg": ([STORE, *FULL, LOAD], NO_CALL),
    "shared_exchange": ([STORE, *FULL, LOAD], NO_CALL),
    "local_add": ([STORE, *ON_ITS_CPU, LOAD], NO_ORDER),
    "local_add_32": ([STORE, *ON_ITS_CPU, LOAD], NO_ORDER),
    "local_dec_and_test": ([STORE, *ON_ITS_CPU, LOAD], NO_ORDER),
    "local_set_bits": ([STORE, *ON_ITS_CPU, LOAD], NO_ORDER),
    "local_try_cmpxchg": ([STORE, *ON_ITS_CPU, LOAD], NO_ORDER),
    "local_exchange": ([STORE, *ON_ITS_CPU, LOAD], NO_ORDER),
}
FENCES = [r"\block\b", r"[lms]fence", r"xchg"]
LOCKED = [r"call"]
UNLOCKED = [r"\block\b", r"\bxchg", r"xadd", r"[lms]fence"]
X86 = {
    "barrier": ([STORE, LOAD], FENCES),
    "wmb": ([STORE, LOAD], FENCES),
    "rmb": ([STORE, LOAD], FENCES),
    "mb": ([STORE, r"lock", LOAD], [r"call"]),
    "read_once": ([r"mov"], FENCES),
    "write_once": ([r"mov"], FENCES),
    "load_acquire": ([r"mov", LOAD], FENCES),
    "store_release": ([STORE, r"mov"], FENCES),
    "shared_fetch_add": ([STORE, r"lock", LOAD], LOCKED),
    "shared_fetch_or": ([STORE, r"lock", LOAD], LOCKED),
    "shared_fetch_and": ([STORE, r"lock", LOAD], LOCKED),
    "shared_try_cmpxchg": ([STORE, r"lock", LOAD], LOCKED),
    "shared_exchange": ([STORE, r"xchg", LOAD], LOCKED),
    "local_add": ([STORE, r"\badd[ql]?\s", LOAD], UNLOCKED),
    "local_add_32": ([STORE, r"\badd[ql]?\s", LOAD], UNLOCKED),
    "local_dec_and_test": ([STORE, r"\bdec[ql]?\s", LOAD], UNLOCKED),
    "local_set_bits": ([STORE, r"\bor[ql]?\s", LOAD], UNLOCKED),
    "local_try_cmpxchg": ([STORE, r"\bcmpxchg", LOAD], UNLOCKED),
    "local_exchange": ([STORE, r"\bcmpxchg", LOAD], UNLOCKED),
}


def functions(text):
    """The instructions of each function, by its name."""
    found, name = {}, None
    for line in text.splitlines():
        label = re.match(r"([A-Za-z_]\w*):", line)
        if label:
            name = label[1]
            found[name] = []
        elif name and re.match(r"\s+[a-z]", line):
            found[name].append(line.strip())
    return found


def is_match(pattern, line, arm64):
    if pattern is STORE:
        return re.search(r"^strh\b.*:before\b" if arm64 else r"^mov.*,\s*before\(", line)
    if pattern is LOAD:
        return re.search(r"^ldrs?h\b.*:after\b" if arm64 else r"\bafter\(", line)
    return re.search(pattern, line)


def wrong(lines, wanted, forbidden, arm64):
    at = 0
    for pattern in wanted:
        while at < len(lines) and not is_match(pattern, lines[at], arm64):
            at += 1
        if at == len(lines):
            return f"no '{pattern}' where it is to be"
        at += 1
    for pattern in forbidden:
        for line in lines:
            if re.search(pattern, line):
                return f"'{line}' is not to be there"
    return None


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    compiler = sys.argv[1]
    machine = subprocess.run([compiler, "-dumpmachine"], capture_output=True, text=True, check=True).stdout
    arm64 = machine.startswith("aarch64")
    if not arm64 and not machine.startswith("x86_64"):
        sys.exit(f"there is no table of instructions for {machine.strip()}")
    options = ["-mno-outline-atomics"] if arm64 else ["-mno-red-zone"]
    text = subprocess.run([compiler, "-std=c++20", "-O2", "-fno-pic", "-fno-exceptions", "-fno-rtti", "-fno-stack-protector",
                           "-fcf-protection=none" if not arm64 else "-mbranch-protection=none", *options,
                           "-DCXXRT_AS_IN_KERNEL", f"-I{HERE.parent}/include", "-S", "-o", "-",
                           HERE / "instructions.cpp"], capture_output=True, text=True, check=True).stdout
    found, table, failed = functions(text), ARM64 if arm64 else X86, 0
    if found.keys() - table.keys():
        sys.exit(f"the table does not have {', '.join(found.keys() - table.keys())}")
    for name, (wanted, forbidden) in table.items():
        reason = wrong(found.get(name, []), wanted, forbidden, arm64)
        if reason:
            failed += 1
            print(f"FAILED: {name} for {machine.strip()}: {reason}:", *found.get(name, []), sep="\n\t")
    print(f"{len(table) - failed} passed, {failed} failed")
    sys.exit(failed != 0)


if __name__ == "__main__":
    main()
