# SPDX-License-Identifier: GPL-2.0
"""Reads the written mutations (ring_rows.txt says how they are written)."""


class Row:
    def __init__(self, name, line):
        self.name, self.line, self.file, self.part, self.changes = name, line, None, None, []

    def edits(self, text):
        """What the row changes in @text: (first, behind the last character, what takes its place)."""
        lines = text.split("\n")
        starts = [0]
        for line in lines:
            starts.append(starts[-1] + len(line) + 1)
        for old, new in self.changes:
            wanted = [line.strip() for line in old if line.strip()]
            places = list(find(lines, wanted))
            if len(places) != 1:
                raise ValueError(f"'{self.name}': {len(places)} places for: {' / '.join(wanted)}")
            first, last = places[0]
            # The first and the last may be a part of their line, the rest of which stays.
            begin = starts[first] + lines[first].index(wanted[0])
            end = starts[last] + lines[last].index(wanted[-1]) + len(wanted[-1])
            yield begin, end, "\n".join(new)


def read(path):
    rows = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.startswith("== "):
            rows.append(Row(line[3:], number))
        elif line.startswith("in "):
            rows[-1].file = line[3:]
        elif line.startswith("part "):
            rows[-1].part = line[5:]
        elif line[:2] in ("- ", "+ ") or line == "+":
            changes = rows[-1].changes
            # A "-" after a "+" begins the next change.
            if line[0] == "-" and (not changes or changes[-1][1]):
                changes.append(([], []))
            changes[-1][line[0] == "+"].append(line[2:])
        elif line and not line.startswith("#"):
            raise SystemExit(f"{path}:{number}: what is this: {line}")
    for row in rows:
        if not (row.file and row.part and row.changes):
            raise SystemExit(f"{path}:{row.line}: '{row.name}' has no file, no part or no change")
    return rows


def is_comment(line):
    return line.startswith(("/*", "*", "//"))


def find(lines, wanted):
    """Where the wanted lines stand one after the other; comments and empty lines between them do not
    count. Yields the indices of the first and the last."""
    for first in range(len(lines)):
        at, matched, last = first, 0, first
        while at < len(lines) and matched < len(wanted):
            have = lines[at].strip()
            if wanted[matched] in have if matched in (0, len(wanted) - 1) else wanted[matched] == have:
                matched += 1
                last = at
            elif matched == 0 or (have and not is_comment(have)):
                break
            at += 1
        if matched == len(wanted):
            yield first, last
