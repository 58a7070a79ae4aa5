# SPDX-License-Identifier: BSD-2-Clause OR MIT
"""The specification itself: nothing that was ever known is lost, and spec/ERRATA.md says what its marks say."""

import os
import re
import shutil
import tempfile

from common import HERE, SPEC, TOP, hvgen, read, require

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


def counts(table):
    """Its rows: title and numbers."""
    rows = re.findall(r'^(\S.*?) {2,}(\d[\d ]*)$', table, re.M)
    return {title: [int(number) for number in numbers.split()] for title, numbers in rows}


def nothing_lost():
    rows = counts(printed('count'))
    for title, known in KNOWN.items():
        require(title in rows, f'no row {title}')
        require(rows[title][0] >= known, f'{title}: {rows[title][0]} of {known}')


def counts_agree():
    """Every item is of one architecture set and in one state, and has no mark or some."""
    for title, numbers in counts(printed('count')).items():
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
    marks = list(marks_of(os.path.dirname(SPEC)))
    for name, _, reason in marks:
        require(name in parts and f': {reason}\n' in parts[name], f'{name}: "{reason}" is not on the page')
    for kind, count in re.findall(r'^\| @(\w+) \| (\d+) \|', printed('errata'), re.M):
        written = sum(mark[1] == kind for mark in marks)
        require(written == int(count), f'{count} of {written} marks @{kind} are on the page')


SMALL = """interface "small" version 0.1.0
include "convention.def"
include "part.def"  /// A part

remark "things in general"
        @disputed "nobody agrees"

privileges privilege : u64 {
    @ours "a block of them"
    0    first
         unimplemented "not here"
         @observed "below another word"
}
"""

PART = """enum e : u8 open, shared {
    @erratum "said of the enum"
    0    zero
}
enum e : u8 continued {
    @observed "said of each"
    1    one  named "ONE"
    2    two
    3    three
    4    four
    5    five  @disputed "said of one"
}
struct s size 8 shared {
    0    u32  x
    4    mbz[4]  @disputed "said of one"
}
msr m = 0x40000000 vp, rw {
    reset    0
    needs    privilege.first
    unimplemented "not here"
    0        low
    63..1    preserve  @observed "of bits"
}
absent "HV_GONE" "it went"
"""

PAGE = """## [small.def](small.def)

Disputed:

- things in general: nobody agrees

Observed:

- `privilege.first`: below another word

Our choice:

- `privilege`: a block of them

## [A part](part.def)

Wrong in the document:

- `e`: said of the enum

Disputed:

- `e.five`, `s offset 4`: said of one

Observed:

- `ONE`, `e.two`, `e.three`, `e.four` and 1 more: said of each
- `HV_X64_MSR_M bits 63..1`: of bits

## Left out on purpose

- `HV_GONE`: it went
"""


def small(command):
    """What a command prints of the small specification above."""
    with tempfile.TemporaryDirectory() as folder:
        for part in ('convention.def', 'rules.def'):
            shutil.copy(os.path.join(HERE, 'golden', part), folder)
        for name, text in (('small.def', SMALL), ('part.def', PART)):
            with open(os.path.join(folder, name), 'w', encoding='ascii') as file:
                file.write(text)
        status, out, err = hvgen(command, 'small.def', cwd=folder)
    require((status, err) == (0, ''), f'status {status}\n{err}')
    return out


def small_errata():
    head, page = small('errata').split('\n\n## ', 1)
    require(f'## {page}' == PAGE, page)
    told = dict(re.findall(r'^\| @(\w+) \| (\d+) \|', head, re.M))
    require(told == {'erratum': '1', 'disputed': '3', 'observed': '3', 'ours': '1'}, head)


def small_count():
    rows = counts(small('count'))
    require(rows['other values, flags'] == [6, 0, 0, 5, 6, 1, 0, 6, 0, 0], f'{rows["other values, flags"]}')
    require(rows['MSR bits'] == [2, 1, 1, 1, 0, 0, 0, 2, 0, 0, 0, 2, 0], f'{rows["MSR bits"]}')
    require(rows['privileges, features'] == [1, 0, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 0], f'{rows["privileges, features"]}')
    require(rows['absences'] == [1], 'absences')


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
    yield 'errata of a small spec', small_errata, ()
    yield 'count of a small spec', small_count, ()
    for command in ('count', 'errata'):
        for name, words, text in COMMANDS:
            yield f'{command} {name}', refused, ([command, *words], text)
