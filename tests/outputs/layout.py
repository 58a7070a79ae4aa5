# SPDX-License-Identifier: BSD-2-Clause OR MIT
"""
What C makes of the guest header: the size, alignment and offsets of every structure and the value of every constant,
printed by a compiled program, for other languages to be compared with.

A dump is {key: number}; keys are 'struct pair size', 'struct pair align', 'struct pair first' for an offset, and
'HV_CALL_QUICK' for a constant.
"""

import functools
import os
import re

from common import HEADERS, WORK, must, read, require, write


@functools.lru_cache(maxsize=None)
def header():
    """hv_tlfs.h without its comments."""
    return re.sub(r'/\*.*?\*/', '', read(os.path.join(HEADERS, 'hv_tlfs.h')), flags=re.S)


@functools.lru_cache(maxsize=None)
def structures():
    """{name: [fields]} of all structures whose layout the header proves."""
    found = {name: [] for name in re.findall(r'^HV_HAS_LAYOUT\(hv_(\w+), \d+, \d+\);', header(), re.M)}
    for name, field in re.findall(r'^HV_IS_AT\(hv_(\w+), (\w+), \d+\);', header(), re.M):
        found[name].append(field)
    del found['u128']       # the header's own
    require(len(found) > 100, f'only {len(found)} structures in the header')
    return found


def constants():
    """The names of all constants that are numbers."""
    return sorted(set(re.findall(r'^#define ([A-Z]\w+)(?: |\\\n|\t)+(?:0x|\d|HV_C64)', header(), re.M)))


@functools.lru_cache(maxsize=None)
def of_c():
    """The dump of C."""
    lines = ['#include <stddef.h>', '#include <stdio.h>', '#include "hv_tlfs.h"',
             'static void show(const char *key, unsigned long long value) { printf("%s=%llu\\n", key, value); }',
             'int main(void)', '{']
    for name, fields in structures().items():
        lines.append(f'show("struct {name} size", sizeof(struct hv_{name}));')
        lines.append(f'show("struct {name} align", _Alignof(struct hv_{name}));')
        lines += [f'show("struct {name} {field}", offsetof(struct hv_{name}, {field}));' for field in fields]
    lines += [f'show("{name}", {name});' for name in constants()]
    source, binary = os.path.join(WORK, 'layout.c'), os.path.join(WORK, 'layout')
    write(source, '\n'.join(lines + ['return 0;', '}', '']))
    must(['gcc', '-std=c11', '-O0', '-w', f'-I{HEADERS}', '-o', binary, source])
    return parse(must([binary]))


def parse(text):
    """A dump from lines `key=value`."""
    return {key: int(value) for key, value in (line.split('=') for line in text.splitlines())}


def camel(name):
    """'vp_set' is 'VpSet'."""
    return ''.join(word[:1].upper() + word[1:] for word in name.split('_'))


@functools.lru_cache(maxsize=None)
def prefixes():
    """{'VpSetFormat': 'HV_VP_SET_FORMAT'}: what the constants of each type begin with."""
    found = {}
    for name in filter(lambda name: name.startswith('HV_'), of_c()):
        words = name.split('_')
        for end in range(2, len(words)):
            found.setdefault(camel('_'.join(words[1:end]).lower()), '_'.join(words[:end]))
    return found


def compare(dump, language, enough):
    """Whatever the dump has, C has, with the same number; and it has enough."""
    wanted = of_c()
    missing = [key for key in dump if key not in wanted]
    require(not missing, f'{language} has what C has not: {missing[:10]}')
    different = [f'{key} is {value} in {language} and {wanted[key]} in C' for key, value in dump.items()
                 if value != wanted[key]]
    require(not different, '\n'.join(different[:10]))
    lost = [key for key in wanted if key not in dump and re.match(enough, key)]
    require(not lost, f'{language} lacks {len(lost)}: {lost[:10]}')
