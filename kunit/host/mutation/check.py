#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Does the model bite? Makes each mutation of table.txt in a copy of the ring and runs the model.

usage: check.py --source TOP --build DIR [--only TEXT] [--jobs N] -- COMPILER ARGUMENT...

The compiler's command takes the sources and makes the program; what of the model does not see
the ring's inline code comes as objects among its arguments. Exits with 1 if a mutation survives,
and with 2 if the table is wrong: a mutation that does not apply or does not compile proves nothing.
"""
import argparse
import concurrent.futures
import pathlib
import shutil
import subprocess
import sys


class Mutation:
    def __init__(self, name):
        self.name, self.file, self.part, self.changes = name, None, None, []


def read_table(path):
    mutations = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.startswith("== "):
            mutations.append(Mutation(line[3:]))
        elif line.startswith("in "):
            mutations[-1].file = line[3:]
        elif line.startswith("part "):
            mutations[-1].part = line[5:]
        elif line[:2] in ("- ", "+ ") or line == "+":
            changes = mutations[-1].changes
            # A "-" after a "+" begins the next change.
            if line[0] == "-" and (not changes or changes[-1][1]):
                changes.append(([], []))
            changes[-1][line[0] == "+"].append(line[2:])
        elif line and not line.startswith("#"):
            sys.exit(f"{path}:{number}: what is this: {line}")
    return mutations


def squeeze(text):
    return text.strip()


def is_comment(line):
    return line.startswith(("/*", "*"))


def find(lines, wanted):
    """Where the wanted lines stand one after the other; comments and empty lines between them do not
    count. Yields (first, behind the last) indices."""
    for first in range(len(lines)):
        at, matched = first, 0
        while at < len(lines) and matched < len(wanted):
            have = squeeze(lines[at])
            if wanted[matched] in have if matched in (0, len(wanted) - 1) else wanted[matched] == have:
                matched += 1
            elif matched == 0 or (have and not is_comment(have)):
                break
            at += 1
        if matched == len(wanted):
            yield first, at


def apply(text, changes):
    lines = text.split("\n")
    for old, new in changes:
        wanted = [squeeze(line) for line in old if squeeze(line)]
        places = list(find(lines, wanted))
        if len(places) != 1:
            raise ValueError(f"{len(places)} places for: {' / '.join(wanted)}")
        first, behind = places[0]
        # Within a line, the rest of it stays.
        if len(wanted) == 1:
            lines[first:behind] = [lines[first].replace(wanted[0], "\n".join(new))]
        else:
            lines[first:behind] = new
    return "\n".join(lines)


def run(mutation, number, args):
    where = args.build / f"{number:02}"
    mutated = where / "ring" / pathlib.Path(mutation.file).name
    # An earlier table may have had another mutation of this number, in another file.
    shutil.rmtree(where, ignore_errors=True)
    mutated.parent.mkdir(parents=True, exist_ok=True)
    try:
        mutated.write_text(apply((args.source / "module" / mutation.file).read_text(),
                                 mutation.changes))
    except ValueError as error:
        return "error", str(error)

    sources = [args.source / "kunit/host/model/machine.cpp"]
    for source in sorted((args.source / "module/ring").glob("*.cpp")):
        copy = where / "ring" / source.name
        sources.append(copy if copy.exists() else source)
    program = where / "ring_model"
    compiled = subprocess.run([args.command[0], f"-I{where}", *args.command[1:],
                               *map(str, sources), "-o", str(program), *args.objects],
                              capture_output=True, text=True)
    if compiled.returncode:
        return "error", "does not compile:\n" + compiled.stderr[:2000]
    try:
        tried = subprocess.run([str(program), "--mutant", f"--{mutation.part}"],
                               capture_output=True, text=True, timeout=args.timeout)
    except subprocess.TimeoutExpired:
        return "error", f"no end after {args.timeout} s"
    program.unlink()
    if tried.returncode == 0:
        return "SURVIVED", ""
    if tried.returncode < 0:
        return "caught", f"signal {-tried.returncode}"
    return "caught", tried.stderr.splitlines()[0]


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--timeout", type=int, default=600)
    parser.add_argument("command", nargs="+")
    args = parser.parse_args()
    args.objects = [argument for argument in args.command if argument.endswith((".o", ".a"))]
    args.command = [argument for argument in args.command if argument not in args.objects]

    mutations = read_table(pathlib.Path(__file__).parent / "table.txt")
    chosen = [(n, m) for n, m in enumerate(mutations, 1) if args.only in m.name]
    counts = {"caught": 0, "SURVIVED": 0, "error": 0}
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        runs = [(m, pool.submit(run, m, n, args)) for n, m in chosen]
        for mutation, future in runs:
            verdict, why = future.result()
            counts[verdict] += 1
            print(f"{verdict:8}  {mutation.name}\n          {why}", flush=True)
    print(f"{counts['caught']} caught, {counts['SURVIVED']} survived, {counts['error']} in error")
    sys.exit(2 if counts["error"] or not chosen else counts["SURVIVED"] != 0)


main()
