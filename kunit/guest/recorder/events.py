# SPDX-License-Identifier: GPL-2.0
"""The events that perfbuf prints of a driver with kunit/kernel/producer/emitters.c, and the last numbers that the
driver kept of each CPU and context."""
import dataclasses
import re

CONTEXTS = {'task': 0, 'irq': 2, 'nmi': 3}
LINE = re.compile(r'(\d+\.\d{9}) cpu (\d+) tid -?\d+ (\w+:\w+) number=(\d+) check=0x([0-9a-f]+) context=(\w+)(.*)')
KEPT = re.compile(r'cpu (\d+) task (\d+) irq (\d+) nmi (\d+)')


@dataclasses.dataclass
class Event:
    time: float
    cpu: int
    event: str
    number: int
    check: int
    context: str
    rest: str = dataclasses.field(compare=False)

    @property
    def at(self):
        return self.cpu, self.context


def parse(lines):
    """The events of the lines that have one."""
    for line in lines:
        found = LINE.search(line)
        if found:
            time, cpu, event, number, check, context, rest = found.groups()
            yield Event(float(time), int(cpu), event, int(number), int(check, 16), context, rest)


def last_of(events):
    """The last number of each CPU and context."""
    return {each.at: each.number for each in events}


def wrong(events, as_emitted):
    """The first event that the driver did not emit, that is not where it belongs, or that follows a gap. What the
    event's number does not say by itself, as_emitted(event) compares."""
    last, before = {}, 0.0
    for each in events:
        where = 'cpu %d %s %d' % (each.cpu, each.context, each.number)
        if each.check != (each.number * 0x9e3779b97f4a7c15 % 2**64) ^ each.cpu << 8 ^ CONTEXTS[each.context]:
            return 'torn: ' + where
        if not as_emitted(each):
            return 'another event or text: %s %s%s' % (where, each.event, each.rest)
        if last.get(each.at, each.number - 1) != each.number - 1:
            return '%s follows %d' % (where, last[each.at])
        if each.time < before:
            return 'out of order: %s at %f' % (where, each.time)
        last[each.at], before = each.number, each.time
    return None


def kept_in(text):
    """The last number that the driver kept of each CPU and context."""
    return {(int(cpu), context): int(number) for cpu, *numbers in KEPT.findall(text)
            for context, number in zip(CONTEXTS, numbers)}


def not_kept(last, kept):
    """Where the last number is not the one that the driver kept. An event is complete before the driver counts it: the
    ring has the number that the driver stored, or one more. NMIs are rare, and may be overwritten."""
    return {at: (last.get(at), number) for at, number in kept.items()
            if last.get(at, 0) not in (number, number + 1) and (at in last or at[1] != 'nmi')}


class Results:
    """Prints a line for each, and counts those that failed."""

    def __init__(self, of=''):
        self.of, self.failed = of, 0

    def __call__(self, good, text):
        self.failed += not good
        print('%s: %s%s' % ('ok' if good else 'FAILED', self.of, text))
