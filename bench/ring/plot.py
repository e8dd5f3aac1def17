#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Draws what scripts/bench-ring printed: instructions of a record against its size, both logarithmic.

usage: plot.py < TABLES > SVG
"""
import math
import re
import sys

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 540, 60, 270, 30, 50
COLOURS = ["#1b6ca8", "#d1495b", "#3c8d5a", "#8d5a97", "#c77f1a", "#4d4d4d", "#17a2a2", "#999933"]


def read(lines):
    """(title, {what writes: {bytes: instructions}}) without the modes of a row ("...")."""
    title, size, rows = None, None, {}
    for line in lines:
        line = line.strip()
        title = title or line
        if found := re.fullmatch(r"(\d+) bytes:", line):
            size = int(found[1])
        elif line.endswith(":"):
            size = None
        elif size and (found := re.match(r"\| ([^.|][^|]*) \| ([\d.]+) \|", line)):
            rows.setdefault(found[1], {})[size] = float(found[2])
    return title, rows


def main():
    title, rows = read(sys.stdin)
    sizes = sorted({size for row in rows.values() for size in row})
    most = max(value for row in rows.values() for value in row.values())
    ticks = [10 * 10 ** (n / 2) for n in range(12) if 10 * 10 ** (n / 2) < most * 2]

    def x(size):
        span = math.log(sizes[-1] / sizes[0]) or 1
        return LEFT + (WIDTH - LEFT - RIGHT) * math.log(size / sizes[0]) / span

    def y(value):
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * math.log(value / 10) / math.log(most / 10)

    print(f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
          f'font-family="sans-serif" font-size="11">')
    print('<rect width="100%" height="100%" fill="white"/>')
    print(f'<text x="{LEFT}" y="18" font-size="12">Instructions of a record against its bytes: '
          f'{title.split(",")[0]}</text>')
    for size in sizes:
        print(f'<line x1="{x(size):.1f}" x2="{x(size):.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="#ddd"/>')
        print(f'<text x="{x(size):.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{size}</text>')
    for tick in ticks:
        if tick > most:
            continue
        print(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(tick):.1f}" y2="{y(tick):.1f}" stroke="#ddd"/>')
        print(f'<text x="{LEFT - 6}" y="{y(tick) + 4:.1f}" text-anchor="end">{tick:.0f}</text>')
    # The names beside the lines' order at the first size, the dearest above.
    order = sorted(rows, key=lambda name: -rows[name][min(rows[name])])
    for n, name in enumerate(order):
        colour = COLOURS[n % len(COLOURS)]
        wide = 3 if name.startswith("perfbuf") else 1.2
        dash = ' stroke-dasharray="5 3"' if n >= len(COLOURS) else ""
        points = " ".join(f"{x(size):.1f},{y(value):.1f}" for size, value in sorted(rows[name].items()))
        print(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{wide}"{dash}/>')
        top = TOP + 10 + 22 * n
        print(f'<line x1="{WIDTH - RIGHT + 12}" x2="{WIDTH - RIGHT + 36}" y1="{top}" y2="{top}" '
              f'stroke="{colour}" stroke-width="{wide}"{dash}/>')
        label = name.replace("&", "&amp;").replace("<", "&lt;")
        print(f'<text x="{WIDTH - RIGHT + 42}" y="{top + 4}">{label[:38]}</text>')
    print("</svg>")


main()
