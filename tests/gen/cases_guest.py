# SPDX-License-Identifier: BSD-2-Clause OR MIT
"""The guest header: what its two spellings have in common, and what its beginning says."""

import os
import re
import tempfile

from common import SPEC, TOP, generate, hvgen, read, require

KEPT = {'HV_NO_SHORT_NAMES', 'hv_stub_call'}


def tokens(text):
    """Words and signs behind the first constants, comments and line ends apart; strings are words."""
    text = text[text.index('#define HV_TLFS_VERSION'):text.rindex('#endif')]
    text = re.sub(r'/\*.*?\*/', ' ', text, flags=re.S)
    return re.findall(r'"(?:\\.|[^"\\])*"|\w+|[^\w\s\\]', text)


def longer(word):
    if word in KEPT or re.match(r'HV_TLFS_|hv_tlfs_', word):
        return word
    return re.sub(r'^(HV_|hv_)', lambda match: 'HV_TLFS_' if match[1] == 'HV_' else 'hv_tlfs_', word)


def two_spellings():
    """Word for word the same, but for the beginnings of names."""
    with tempfile.TemporaryDirectory() as folder:
        outputs = generate(folder)
    short = [longer(word) for word in tokens(outputs['hv_tlfs.h'].decode('ascii'))]
    long = tokens(outputs['hv_tlfs_long.h'].decode('ascii'))
    for one, other in zip(short, long):
        require(one == other, f'{one} is {other} in hv_tlfs_long.h')
    require(len(short) == len(long) > 10000, f'{len(short)} and {len(long)} words')


def value(header, name):
    return re.search(rf'#define {name}\s+\\?\s*(\S+)', header)[1]


def origin():
    """The header says what it was made from, as the other outputs do."""
    with tempfile.TemporaryDirectory() as folder:
        header = generate(folder)['hv_tlfs.h'].decode('ascii')
    version = re.search(rb'^interface "\w+" version (\d+)\.(\d+)\.(\d+)', read(SPEC), re.M)
    require(value(header, 'HV_TLFS_VERSION') == '0x' + ''.join(f'{int(part):02x}' for part in version.groups()), 'version')
    require(value(header, 'HV_TLFS_SPEC_SHA256') in hvgen('json', os.path.relpath(SPEC, TOP))[1], 'SHA-256')
    require(hvgen('--version')[1].strip() in header, 'version of the generator')


def cases(_update):
    yield 'guest header, two spellings of one text', two_spellings, ()
    yield 'guest header, says where it is from', origin, ()
