#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Wakes each mutation that generate.py has made and runs the tests until one fails.

usage: run.py --mutants FILE --survivors FILE [--sample N] [--only TEXT] [--file FILE]...
       [--jobs N] --test COMMAND...

--test    a test, as words of one argument: a program that exits with 0 if the ring is right. They
          run in this order, and only those that reach the mutation. May be given again.
--sample  about N of the mutations, chosen by the text of their file, so that another version of it
          has others tried
--only    mutations whose place or kind has TEXT in it
--file    of these files alone

What no test notices survives. survivors.txt says of each why it changes nothing that a test could
see; exits with 1 if one survives that is not there, and with 2 if the list is wrong: an entry that is
no mutation, or a test that fails without any.
"""
import argparse
import concurrent.futures
import hashlib
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time


class Mutant:
    def __init__(self, line):
        number, self.file, self.line, self.kind, self.source = line.split("\t")
        self.number = int(number)
        self.nth = 1

    def key(self):
        return self.file, self.source, self.kind, self.nth

    def __str__(self):
        nth = f" ({self.nth})" if self.nth > 1 else ""
        return f"{self.file}:{self.line}: {self.kind}{nth}: {self.source}"


def read_mutants(path):
    mutants, seen = [], {}
    for line in path.read_text().splitlines():
        one = Mutant(line)
        same = one.file, one.source, one.kind
        seen[same] = one.nth = seen.get(same, 0) + 1
        mutants.append(one)
    return mutants


def read_survivors(path):
    """Blocks of lines `in FILE', the source line, lines `- KIND [(NTH)]', these three again for what
    has the same reason, and the reason."""
    known, file, source, kinds = {}, None, None, []
    for number, line in enumerate(path.read_text().splitlines(), 1):
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
            for one in kinds:
                known[one] = (known.get(one, "") + " " + line).strip()
    return known


def limits(seconds):
    def set_them():
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    return set_them


class Test:
    def __init__(self, command):
        self.words = command.split()
        self.name = " ".join([pathlib.Path(self.words[0]).name] + self.words[1:])
        with tempfile.NamedTemporaryFile() as reached:
            start = time.monotonic()
            ran = subprocess.run(self.words, env={**os.environ, "PERFBUF_REACHED": reached.name},
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            self.seconds = time.monotonic() - start
            if ran.returncode:
                print(f"{self.name} fails without a mutation:\n{ran.stdout[-3000:]}")
                sys.exit(2)
            self.reached = {int(number) for number in pathlib.Path(reached.name).read_text().split()}

    def notices(self, mutant):
        # One that does not end is noticed, too.
        seconds = 2 + int(8 * self.seconds)
        try:
            return subprocess.run(self.words, env={**os.environ, "PERFBUF_MUTANT": str(mutant.number)},
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                  preexec_fn=limits(seconds), timeout=10 * seconds).returncode != 0
        except subprocess.TimeoutExpired:
            return True


def try_one(mutant, tests):
    reached = False
    for test in tests:
        if mutant.number not in test.reached:
            continue
        reached = True
        if test.notices(mutant):
            return test.name
    return "SURVIVED" if reached else "NOT REACHED"


def sample(mutants, wanted, texts):
    if not wanted or wanted >= len(mutants):
        return mutants

    def rank(one):
        return hashlib.sha256(f"{texts[one.file]} {one.source} {one.kind} {one.nth}".encode()).digest()
    return sorted(sorted(mutants, key=rank)[:wanted], key=lambda one: one.number)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--mutants", type=pathlib.Path, required=True)
    parser.add_argument("--survivors", type=pathlib.Path, required=True)
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--only", default="")
    parser.add_argument("--file", action="append", default=[])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--test", action="append", required=True)
    args = parser.parse_args()

    mutants = read_mutants(args.mutants)
    known = read_survivors(args.survivors)
    status = 0
    for key in known.keys() - {one.key() for one in mutants}:
        print(f"survivors.txt: no mutation is this: {' | '.join(map(str, key))}")
        status = 2
    texts = {}
    for one in mutants:
        texts.setdefault(one.file, hashlib.sha256())
        texts[one.file].update(one.source.encode())
    texts = {name: text.hexdigest() for name, text in texts.items()}
    chosen = sample([one for one in mutants if args.only in str(one) and
                     (not args.file or one.file in args.file)], args.sample, texts)
    tests = [Test(command) for command in args.test]

    noticed, explained, unexplained = {}, 0, 0
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for mutant, verdict in zip(chosen, pool.map(lambda one: try_one(one, tests), chosen)):
            if verdict not in ("SURVIVED", "NOT REACHED"):
                noticed[verdict] = noticed.get(verdict, 0) + 1
                if mutant.key() in known:
                    print(f"survivors.txt: this does not survive: {mutant}", flush=True)
                    status = 2
            elif mutant.key() in known:
                explained += 1
            else:
                unexplained += 1
                print(f"{verdict}: {mutant}", flush=True)
    for name, count in noticed.items():
        print(f"{count:6} noticed first by {name}")
    print(f"{len(chosen)} of {len(mutants)} mutations: {sum(noticed.values())} noticed, {explained} survive as "
          f"survivors.txt explains, {unexplained} survive unexplained")
    sys.exit(1 if unexplained and not status else 2 if not chosen else status)


if __name__ == "__main__":
    main()
