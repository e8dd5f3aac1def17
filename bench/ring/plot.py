#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Draws what scripts/bench-ring printed: instructions of a record against its size, both logarithmic.
Seven rows of the tables, each named below its line where that begins; the others are in the tables
alone.

usage: plot.py < TABLES > SVG
"""
import math
import re
import sys

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 560, 60, 30, 40, 50
LABEL_HEIGHT = 17
LEAST = 5

# Row of the tables: label, colour. At most seven, so that they can be distinguished.
LINES = {
    "ring_buffer_lock_reserve, memcpy, unlock_commit (time)": ("ftrace: reserve, commit (time)", "#8d5a97"),
    "perf_output_begin, copy, end": ("perf: begin, copy, end", "#d1495b"),
    "bpf_ringbuf_reserve, memcpy, submit: BPF_RB_NO_WAKEUP": ("BPF: reserve, submit", "#c77f1a"),
    "perfbuf: begin, copy, end": ("perfbuf: begin, copy, end", "#5fa3d9"),
    "perfbuf: reserve, memcpy, commit": ("perfbuf: reserve, commit", "#0b4f8a"),
    "relay_reserve, memcpy": ("relay (not NMI safe)", "#3c8d5a"),
    "memcpy of a size that is known": ("memcpy alone", "#4d4d4d"),
}


def read(lines):
    """(title, {row: {bytes: instructions}}) of the rows that are drawn."""
    title, size, rows = None, None, {}
    for line in lines:
        line = line.strip()
        title = title or line.lstrip("# ")
        if found := re.fullmatch(r"(\d+) bytes:", line):
            size = int(found[1])
        elif line.endswith(":"):
            size = None
        elif size and (found := re.match(r"\| ([^|]*) \| ([\d.]+) \|", line)) and found[1] in LINES:
            rows.setdefault(found[1], {})[size] = float(found[2])
    return title, rows


def spread(wanted):
    """Heights of labels, in the order of @wanted, which rises, and none over another."""
    heights = list(wanted)
    for n in range(1, len(heights)):
        heights[n] = max(heights[n], heights[n - 1] + LABEL_HEIGHT)
    below = HEIGHT - BOTTOM
    for n in range(len(heights) - 1, -1, -1):
        heights[n] = min(heights[n], below)
        below = heights[n] - LABEL_HEIGHT
    return heights


def text(x, y, words, more=""):
    words = words.replace("&", "&amp;").replace("<", "&lt;")
    print(f'<text x="{x:.1f}" y="{y:.1f}"{more}>{words}</text>')


def line(x1, y1, x2, y2, more):
    print(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {more}/>')


def main():
    title, rows = read(sys.stdin)
    if missing := [name for name in LINES if name not in rows]:
        sys.exit(f"plot: the tables have no row: {', '.join(missing)}")
    sizes = sorted({size for row in rows.values() for size in row})
    most = max(value for row in rows.values() for value in row.values())

    def x(size):
        span = math.log(sizes[-1] / sizes[0]) or 1
        return LEFT + (WIDTH - LEFT - RIGHT) * math.log(size / sizes[0]) / span

    def y(value):
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * math.log(value / LEAST) / math.log(most / LEAST)

    print(f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
          f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13">')
    print('<rect width="100%" height="100%" fill="white"/>')
    text(LEFT, 22, f"Instructions of a record against its bytes: {title.split(',')[0]}", ' font-size="15"')
    for size in sizes:
        line(x(size), TOP, x(size), HEIGHT - BOTTOM, 'stroke="#ddd"')
        text(x(size), HEIGHT - BOTTOM + 18, str(size), ' text-anchor="middle"')
    text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, "bytes", ' text-anchor="middle"')
    for tick in (5, 10, 20, 50, 100, 200, 500, 1000, 2000):
        if tick <= most:
            line(LEFT, y(tick), WIDTH - RIGHT, y(tick), 'stroke="#ddd"')
            text(LEFT - 8, y(tick) + 4, str(tick), ' text-anchor="end"')
    # From the top, as the lines begin.
    order = sorted(rows, key=lambda name: -rows[name][sizes[0]])
    begins = [y(rows[name][sizes[0]]) + LABEL_HEIGHT for name in order]
    for name, height in zip(order, spread(begins)):
        label, colour = LINES[name]
        ours = name.startswith("perfbuf")
        points = " ".join(f"{x(size):.1f},{y(value):.1f}" for size, value in sorted(rows[name].items()))
        print(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{3 if ours else 1.5}"/>')
        text(LEFT + 8, height, label, f' fill="{colour}"' + (' font-weight="bold"' if ours else ""))
    print("</svg>")


if __name__ == "__main__":
    main()
