# SPDX-License-Identifier: BSD-2-Clause OR MIT
"""hv_decode.h: compiles everywhere, and shows words as a second decoder, written from `hvgen json`, does."""

import functools
import json
import os
import random
import shutil

from common import OUT, SPEC, TOP, WORK, Skip, must, require, write

CONTROL, RESULT, MSR, CPUID = range(4)
REGISTERS = ('EAX', 'EBX', 'ECX', 'EDX')
FLAGS = '-Wall -Wextra -Werror -Wconversion -Wundef -pedantic -ffreestanding'.split()
FLAGS += ['-Wno-long-long', '-Wno-overlength-strings']

PROGRAM = r'''
#include "hv_decode.h"
#include <stdio.h>
int main(void)
{
	unsigned size, kind, number, reg, length;
	unsigned long long value;
	char text[4096];

	while (scanf("%u %u %x %u %llx", &size, &kind, &number, &reg, &value) == 5) {
		text[size] = '#';
		length = hv_decode(text, size, kind, number, reg, value);
		if (text[size] != '#')
			return 1;
		printf("%u %s\n", length, size ? text : "");
	}
	return 0;
}
'''

# Nothing of a C library.
ALONE = '''#include "hv_decode.h"
unsigned use(char *to);
unsigned use(char *to) { return hv_decode(to, 9, 1, 0, 0, 5); }
'''


@functools.lru_cache(maxsize=None)
def model():
    found = json.loads(must([os.path.join(TOP, 'build/hvgen'), 'json', SPEC]))
    return {key: [item for item in value if item.get('arch') != 'arm64'] if isinstance(value, list) else value
            for key, value in found.items()}


def source(name, text):
    path = os.path.join(WORK, 'trace', name)
    write(path, text)
    return path


# ---- the second decoder ---------------------------------------------------------------------------------------------

def name_of(items, what, number):
    return next((item['name'] for item in items if item['value'] == number), f'{what} {number:#x}')


def shown(part, value):
    if part['id'] and value:
        return f' {part["id"]}' if part['width'] == 1 else f' {part["id"]}={value:#x}'
    if part.get('rule') == 'mbz' and value:
        low, high = part['value'], part['value'] + part['width'] - 1
        return f' reserved[{high}:{low}]' + ('' if part['width'] == 1 else f'={value:#x}')
    return ''


def parts_of(parts, word, special=None):
    text = ''
    for part in parts:
        value = word >> part['value'] & (1 << part['width']) - 1
        text += f' {special(value)}' if special and part['value'] == 0 else shown(part, value)
    return f':{text}' if text else ''


def bits_of(name):
    return next(kind['bits'] for kind in model()['types'] if kind['id'] == name)


def expected(kind, number, reg, word):
    if kind == CONTROL:
        return f'control = {word:#x}' + parts_of(bits_of('hypercall_control'), word,
                                                 lambda code: name_of(model()['hypercalls'], 'call', code))
    if kind == RESULT:
        return f'result = {word:#x}' + parts_of(bits_of('hypercall_result'), word,
                                                lambda status: name_of(model()['statuses'], 'status', status))
    if kind == MSR:
        found = next((msr for msr in model()['msrs'] if msr['value'] == number), None)
        name = found['name'] if found else f'MSR {number:#x}'
        return f'{name} = {word:#x}' + parts_of(found.get('bits') or [] if found else [], word)
    bits = [bit for bit in model()['cpuid'] if (bit['leaf'], bit['register']) == (number, REGISTERS[reg])]
    bits.sort(key=lambda bit: bit['value'])
    return f'CPUID {number:#x} {REGISTERS[reg]} = {word:#x}' + parts_of(bits, word)


# ---- tests ----------------------------------------------------------------------------------------------------------

def compiles():
    """In C89 to C11 and C++, as 64 and 32 bits, with nothing of a library."""
    path = source('alone.c', ALONE)
    target = os.path.join(WORK, 'trace', 'alone.o')
    for words in (['gcc', '-std=c89'], ['gcc', '-std=c99', '-O2'], ['gcc', '-std=c11', '-m32'],
                  ['g++', '-std=c++98', '-x', 'c++'], ['clang', '-std=c99'], ['clang', '-m32', '-Os']):
        if not shutil.which(words[0]):
            raise Skip(f'no {words[0]}')
        must([*words, *FLAGS, f'-I{OUT}', '-c', '-o', target, path])
        outside = [line for line in must(['nm', '-u', target]).split('\n') if line.strip()]
        require(all('_GLOBAL_OFFSET_TABLE_' in line for line in outside), f'{words}: needs {outside}')


def named_bits(leaf, reg):
    return sum((1 << bit['width']) - 1 << bit['value'] for bit in model()['cpuid']
               if (bit['leaf'], bit['register']) == (leaf, REGISTERS[reg]))


def cases_of_words(chance):
    """Every call, status, MSR and register, with no bit, every bit alone, all bits, and bits at random."""
    values = [0, (1 << 64) - 1, *(1 << bit for bit in range(64)), *(chance.getrandbits(64) for _ in range(4))]
    for call in model()['hypercalls']:
        yield CONTROL, 0, 0, call['value'] | chance.getrandbits(48) << 16
    for status in model()['statuses']:
        yield RESULT, 0, 0, status['value'] | chance.getrandbits(16) << 32
    for kind in (CONTROL, RESULT):
        for value in values:
            yield kind, 0, 0, value
    for number in [msr['value'] for msr in model()['msrs']] + [0x40001fff, 0, 0xffffffff]:
        for value in values[:2] + chance.sample(values, 12):
            yield MSR, number, 0, value
    for leaf in sorted({bit['leaf'] for bit in model()['cpuid']}):
        for reg in range(4):
            # The model lists no reserved bits of CPUID. They are shown as those of control words and MSRs are.
            for value in values[:34] + values[-4:]:
                yield CPUID, leaf, reg, value & named_bits(leaf, reg)


def decodes():
    chance = random.Random(3)
    program = os.path.join(WORK, 'trace', 'program')
    must(['gcc', '-std=gnu11', '-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all', f'-I{OUT}',
          '-o', program, source('program.c', PROGRAM)])
    words = list(cases_of_words(chance))
    require(len(words) > 4000, f'only {len(words)} words')
    sizes = [4095 if chance.random() < 0.9 else chance.randrange(80) for _ in words]
    lines = ''.join(f'{size} {kind} {number:x} {reg} {value:x}\n'
                    for size, (kind, number, reg, value) in zip(sizes, words))
    listed = source('words', lines)
    told = must(['sh', '-c', f'"{program}" <"{listed}"']).split('\n')
    for size, word, line in zip(sizes, words, told):
        text = expected(*word)
        wanted = f'{len(text)} {text[:max(size - 1, 0)]}'
        require(line == wanted, f'{word} in {size} bytes:\n{line}\n{wanted}')


def cases():
    yield 'trace decoder: compiles, and stands alone', compiles
    yield 'trace decoder: every word as a second decoder shows it', decodes
