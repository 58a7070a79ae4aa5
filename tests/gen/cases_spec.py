# SPDX-License-Identifier: BSD-2-Clause OR MIT
"""The specification itself: nothing that was ever known is lost, and spec/ERRATA.md says what its marks say."""

import os
import re

from common import SPEC, TOP, hvgen, read, require

# How many of each the public documents and headers know: no fewer may be declared. Of 108 statuses two numbers are
# reserved and three names have no number; these five are absences.
KNOWN = {
    'hypercalls': 252,
    'MSRs': 116,
    'CPUID bits': 250,
    'statuses': 103,
    'registers': 904,
    'counters': 445,
    'message types': 45,
    'properties': 147,
    'intercept types': 20,
    'port types': 4,
    'absences': 5,
}


def printed(command):
    status, out, err = hvgen(command, os.path.relpath(SPEC, TOP))
    require((status, err) == (0, ''), f'status {status}\n{err}')
    return out


def counts():
    """The rows of the table: title and numbers."""
    rows = re.findall(r'^(\S.*?) {2,}(\d[\d ]*)$', printed('count'), re.M)
    return {title: [int(number) for number in numbers.split()] for title, numbers in rows}


def nothing_lost():
    rows = counts()
    for title, known in KNOWN.items():
        require(title in rows, f'no row {title}')
        require(rows[title][0] >= known, f'{title}: {rows[title][0]} of {known}')


def counts_agree():
    """Every item is of one architecture set and in one state, and has no mark or some."""
    for title, numbers in counts().items():
        if title == 'absences':
            continue
        total, reserved, unmarked, *marked = numbers[:7]
        require(reserved <= total and unmarked <= total, title)
        require(unmarked + sum(marked) >= total, f'{title}: items without any provenance')
        require(sum(numbers[7:10]) == total, f'{title}: architectures')
        require(len(numbers) == 10 or sum(numbers[10:]) == total, f'{title}: states')


def marks_of(folder):
    """The reasons of all marks in the texts."""
    for name in sorted(os.listdir(folder)):
        if name.endswith('.def'):
            text = read(os.path.join(folder, name)).decode('utf-8')
            text = re.sub(r'"[^"\n]*"|//[^\n]*', lambda match: match[0] if match[0][0] == '"' else '', text)
            for kind, reason in re.findall(r'@(observed|erratum|disputed|ours) +"([^"\n]*)"', text):
                yield name, kind, reason


def errata_current():
    path = os.path.join(os.path.dirname(SPEC), 'ERRATA.md')
    require(read(path).decode('ascii') == printed('errata'), 'spec/ERRATA.md is out of date: run make errata')


def errata_whole():
    """Each mark of the texts is on the page, in the part of its file."""
    parts = re.split(r'^## \[.*?\]\((.*?)\)', printed('errata'), flags=re.M)
    parts = dict(zip(parts[1::2], parts[2::2]))
    for name, _, reason in marks_of(os.path.dirname(SPEC)):
        require(name in parts and f': {reason}\n' in parts[name], f'{name}: "{reason}" is not on the page')


COMMANDS = (
    ('without a file', [], 'no file given'),
    ('with two files', [SPEC, SPEC], 'more than one file'),
    ('with an unknown option', ['-x'], "unknown option '-x'"),
    ('of a missing file', ['/nowhere/x.def'], "cannot read '/nowhere/x.def'"),
)


def refused(words, text):
    status, out, err = hvgen(*words)
    require(status == 2 and not out and text in err, f'status {status}\n{err}')


def cases(update):
    del update
    yield 'spec: nothing lost', nothing_lost, ()
    yield 'spec: counts agree', counts_agree, ()
    yield 'spec: errata current', errata_current, ()
    yield 'spec: errata whole', errata_whole, ()
    for command in ('count', 'errata'):
        for name, words, text in COMMANDS:
            yield f'{command} {name}', refused, ([command, *words], text)
