#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
"""Prints what an event says for two seconds, and records it: events.py EVENT [FILE [FILTER]]"""
import collections
import sys

import perfbuf

name, *rest = sys.argv[1:] or ["mydev:tick"]
values = collections.Counter()
try:
    with perfbuf.Session(name) as session:
        if rest:
            session.record(rest[0])
        if rest[1:]:
            session.set_filter(rest[1])
        for sample in session.samples(duration=2):
            print(sample.time, sample.cpu, sample.event, sample.fields())
            values.update(sample.fields().keys())
        print(f"{session.lost} lost; fields seen: {dict(values)}")
    if rest:
        recorded = sum(1 for sample in perfbuf.Recording(rest[0]) if sample.event == name)
        print(f"{recorded} samples in {rest[0]}")
except OSError as error:
    sys.exit(f"events.py: {error.strerror}")
