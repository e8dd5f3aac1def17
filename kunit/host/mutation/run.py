#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Wakes each mutation that generate.py has made and runs the tests until one fails.

usage: run.py --mutants FILE --survivors FILE --results FILE --at-least N [--sample N] [--only TEXT]
       [--file FILE]... [--resume] [--jobs N] [--row PART=COMMAND]... --test [PATTERN:]COMMAND...

--test    a program that exits with 0 if what is mutated is right. They run in this order, and only
          those that reach the mutation. With PATTERN, for mutations of such files alone.
--row     a test of the written mutations of that part: one of these must notice them
--results where the verdicts are kept. --resume takes from there what a test has noticed before, so
          that only survivors and what is new run again.
--sample  N of the generated ones that should be noticed, chosen by the text of their file, so that
          another version of it has others tried
--only    mutations whose place or kind has TEXT in it; --file: of these files alone
--at-least  fails if fewer are tried, unless --only or --file says which

A test has three times the processor time that it takes without a mutation; one that needs more is
taken for one that does not end, which is noticed, too.

What no test notices survives. The list of survivors says of each why it changes nothing that a test
could see; a reason that begins with "Open:" is none yet. Exits with 1 if one survives without a
reason, and with 2 if the list is wrong (an entry that is no mutation, or does not survive), if a test
fails without a mutation, or if too few were tried. A sample says of a wrong list, and goes on.
"""
import argparse
import concurrent.futures
import fnmatch
import hashlib
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

SURVIVED, NOT_REACHED = "SURVIVED", "NOT REACHED"


class Mutant:
    def __init__(self, line):
        number, self.file, self.line, self.kind, self.source = line.split("\t")
        self.number = int(number)
        self.part = self.kind[4:] if self.kind.startswith("row ") else None
        self.nth = 1

    def key(self):
        return self.file, self.source, self.kind, self.nth

    def __str__(self):
        nth = f" ({self.nth})" if self.nth > 1 else ""
        return f"{self.file}:{self.line}: {self.kind}{nth}: {self.source}"


def read_mutants(path):
    mutants, seen = [], {}
    for line in path.read_text().splitlines():
        mutant = Mutant(line)
        same = mutant.file, mutant.source, mutant.kind
        seen[same] = mutant.nth = seen.get(same, 0) + 1
        mutants.append(mutant)
    return mutants


def read_survivors(path):
    """Blocks of lines `in FILE', the source line, lines `- KIND [(NTH)]', these three again for what
    has the same reason, and the reason."""
    known, file, source, kinds = {}, None, None, []
    for number, line in enumerate(path.read_text().splitlines() + [""], 1):
        if not line:
            if kinds and not known.get(kinds[-1]):
                sys.exit(f"{path}:{number}: no reason is given")
            file, kinds = None, []
        elif line.startswith("#"):
            continue
        elif line.startswith("in "):
            file, source = line[3:], None
        elif file is None:
            sys.exit(f"{path}:{number}: what is this: {line}")
        elif source is None:
            source = line.strip()
        elif line.startswith("- "):
            kind, nth = line[2:], 1
            if kind.endswith(")") and kind[:-1].rpartition(" (")[2].isdigit():
                kind, _, nth = kind[:-1].rpartition(" (")
            kinds.append((file, source, kind, int(nth)))
        else:
            for key in kinds:
                known[key] = (known.get(key, "") + " " + line).strip()
    return known


class Results:
    """A line for each verdict: verdict, file, source line, kind, which of the same."""

    def __init__(self, path, resume):
        self.noticed = {}
        if resume and path.exists():
            for line in path.read_text().splitlines():
                verdict, file, source, kind, nth = line.split("\t")
                self.noticed[file, source, kind, int(nth)] = verdict
            self.noticed = {key: verdict for key, verdict in self.noticed.items()
                            if verdict not in (SURVIVED, NOT_REACHED)}
        path.parent.mkdir(parents=True, exist_ok=True)
        self.out = open(path, "w")
        for key, verdict in self.noticed.items():
            self.write(key, verdict)

    def write(self, key, verdict):
        print(verdict, *key, sep="\t", file=self.out, flush=True)


def no_core():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class Test:
    def __init__(self, command, pattern="*"):
        self.words, self.pattern = command.split(), pattern
        words = [word if len(word) < 60 else word[:56] + "..." for word in self.words[1:]]
        self.name = " ".join([pathlib.Path(self.words[0]).name] + words)
        self.reached, self.seconds = None, 0

    def measure(self):
        with tempfile.NamedTemporaryFile() as reached:
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            ran = subprocess.run(self.words, env={**os.environ, "PERFBUF_REACHED": reached.name},
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            self.seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            if ran.returncode:
                print(f"{self.name} fails without a mutation:\n{ran.stdout[-3000:]}")
                sys.exit(2)
            self.reached = {int(number) for number in pathlib.Path(reached.name).read_text().split()}
        print(f"{self.seconds:7.2f} s without a mutation, {len(self.reached)} reached: {self.name}", flush=True)

    def reaches(self, mutant):
        return fnmatch.fnmatch(mutant.file, self.pattern) and mutant.number in self.reached

    def notices(self, mutant, seconds):
        with subprocess.Popen(self.words, env={**os.environ, "PERFBUF_MUTANT": str(mutant.number),
                                               "PERFBUF_LIMIT_MS": str(int(seconds * 1000))},
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              preexec_fn=no_core) as running:
            while True:
                try:
                    return running.wait(timeout=30 + 20 * seconds) != 0
                except subprocess.TimeoutExpired:
                    # A test that waits for ever has noticed the mutation; one that waits for a processor has not answered yet.
                    if not is_runnable(running.pid):
                        running.kill()
                        return True


def is_runnable(pid):
    """Whether a thread of the process runs or wants to, within a second."""
    for _ in range(20):
        for stat in pathlib.Path(f"/proc/{pid}/task").glob("*/stat"):
            try:
                if stat.read_text().rpartition(")")[2].split()[0] in "RDZ":
                    return True
            except (FileNotFoundError, ProcessLookupError):
                return True
        time.sleep(0.05)
    return False


def try_one(mutant, tests, rows):
    if mutant.part:
        return next((test.name for test in rows[mutant.part] if test.notices(mutant, 600)), SURVIVED)
    reached = False
    for test in tests:
        if test.reaches(mutant):
            reached = True
            if test.notices(mutant, 0.3 + 3 * test.seconds):
                return test.name
    return SURVIVED if reached else NOT_REACHED


def sample(mutants, wanted, known):
    texts = {}
    for mutant in mutants:
        texts.setdefault(mutant.file, hashlib.sha256()).update(mutant.source.encode())
    texts = {name: text.hexdigest() for name, text in texts.items()}

    def rank(mutant):
        return hashlib.sha256(f"{texts[mutant.file]} {mutant.source} {mutant.kind} {mutant.nth}".encode()).digest()
    generated = sorted((mutant for mutant in mutants if not mutant.part and mutant.key() not in known), key=rank)
    return generated[:wanted]


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    for name in ("mutants", "survivors", "results"):
        parser.add_argument(f"--{name}", type=pathlib.Path, required=True)
    parser.add_argument("--at-least", type=int, required=True)
    parser.add_argument("--sample", type=int)
    parser.add_argument("--only", default="")
    parser.add_argument("--file", action="append", default=[])
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--row", action="append", default=[])
    parser.add_argument("--test", action="append", required=True)
    args = parser.parse_args()

    mutants = read_mutants(args.mutants)
    known = read_survivors(args.survivors)
    status = 0
    for line in args.mutants.with_name("wrong.txt").read_text().splitlines():
        print(line)
        status = 2 if args.sample is None else 0
    for key in known.keys() - {mutant.key() for mutant in mutants}:
        print(f"the list of survivors: no mutation is this: {' | '.join(map(str, key))}")
        # A survivor whose line has changed is reported where all are tried.
        status = 2 if args.sample is None else 0
    chosen = [mutant for mutant in mutants if args.only in str(mutant) and (not args.file or mutant.file in args.file)]
    if args.sample is not None:
        chosen = sample(chosen, args.sample, known)
    if not chosen or len(chosen) < args.at_least and not args.only and not args.file:
        print(f"{len(chosen)} mutations are tried, and {args.at_least} were to be")
        status = 2
    rows = {}
    for part, _, command in (row.partition("=") for row in args.row):
        rows.setdefault(part, []).append(Test(command))
    tests = []
    for given in args.test:
        program, *arguments = given.split(" ")
        pattern, separates, program = program.rpartition(":")
        tests.append(Test(" ".join([program] + arguments), pattern if separates else "*"))
    parts = {mutant.part for mutant in chosen}
    if None in parts:
        for test in tests:
            test.measure()
    # A test that fails without a mutation notices none.
    for part in parts - {None}:
        for test in rows[part]:
            test.measure()
    results = Results(args.results, args.resume)

    noticed, explained, unexplained = {}, 0, 0
    start = said = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        def verdict_of(mutant):
            return results.noticed.get(mutant.key()) or try_one(mutant, tests, rows)
        for done, (mutant, verdict) in enumerate(zip(chosen, pool.map(verdict_of, chosen)), 1):
            if mutant.key() not in results.noticed:
                results.write(mutant.key(), verdict)
            if verdict not in (SURVIVED, NOT_REACHED):
                noticed[verdict] = noticed.get(verdict, 0) + 1
                if mutant.key() in known:
                    print(f"the list of survivors: this does not survive: {mutant}", flush=True)
                    status = 2
            elif not known.get(mutant.key(), "Open:").startswith("Open:"):
                explained += 1
            else:
                unexplained += 1
                print(f"{verdict}: {mutant}", flush=True)
            if time.monotonic() - said > 30:
                said = time.monotonic()
                print(f"    {done} of {len(chosen)} in {said - start:.0f} s, {unexplained} unexplained", flush=True)
    for name, count in noticed.items():
        print(f"{count:6} noticed first by {name}")
    print(f"{len(chosen)} of {len(mutants)} mutations: {sum(noticed.values())} noticed, {explained} survive as "
          f"the list of survivors explains, {unexplained} survive unexplained")
    sys.exit(status or unexplained != 0)


if __name__ == "__main__":
    main()
