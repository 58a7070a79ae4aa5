# SPDX-License-Identifier: BSD-2-Clause OR MIT
"""Paths through the hypervisor by instructions: what an emulator recorded between marks of the bench guest."""

import collections
import os
import re
import struct
import subprocess

from harness import BUILD, TOP

CORE = os.path.join(BUILD, 'core.elf')
GUEST = os.path.join(BUILD, 'bench.elf')
MARKS = os.path.join(TOP, 'tests', 'guest', 'bench_marks.h')
NOP = b'\x0f\x1f\x80'           # nopl DISPLACEMENT(%rax)

# A line of QEMU (`Trace CPU: ADDRESS [BASE/PC/FLAGS/...`) or of Bochs (`(CPU).[TIME] [PHYSICAL] CS:PC ...`).
RECORDED = re.compile(r'Trace (\d+): \S+ \[[0-9a-f]+/([0-9a-f]{16})/|'
                      r'\((\d+)\)\.\[\d+\] \[\S+\] [0-9a-f]{4}:([0-9a-f]{16}) ')

# What costs a processor tens to thousands of cycles where an emulator counts one: always told, and where it occurs.
ALWAYS = {
    'svm': ['VMRUN', 'VMLOAD', 'VMSAVE', 'CLGI', 'STGI', 'RDMSR', 'WRMSR', 'LGDT', 'LTR', 'locked'],
    'vmx': ['VMRESUME', 'VMREAD', 'VMWRITE', 'RDMSR', 'WRMSR', 'LGDT', 'LTR', 'locked'],
}
DEAR = {
    *ALWAYS['svm'], *ALWAYS['vmx'], 'VMLAUNCH', 'VMPTRLD', 'VMCLEAR', 'INVEPT', 'INVVPID', 'INVLPGA', 'INVLPG',
    'WBINVD', 'LIDT', 'LLDT', 'SGDT', 'SIDT', 'CPUID', 'XSETBV', 'RDTSC', 'IN', 'OUT', 'IRETQ',
}

Instruction = collections.namedtuple('Instruction', 'function text')


def dear_kind(text):
    """What kind of dear instruction a line of disassembly is; None for the others."""
    mnemonic, _, operands = text.partition(' ')
    if mnemonic == 'lock' or mnemonic == 'xchg' and '(' in operands:
        return 'locked'
    if mnemonic == 'mov' and re.search(r'%[cd][rb]\d', operands):
        return 'MOV CR' if '%cr' in operands else 'MOV DR'
    return mnemonic.upper() if mnemonic.upper() in DEAR else None


def disassembly():
    """address -> Instruction, of the hypervisor."""
    done = subprocess.run(['objdump', '-d', '--no-show-raw-insn', CORE], stdout=subprocess.PIPE, check=True, text=True)
    code, function = {}, ''
    for line in done.stdout.splitlines():
        if match := re.match(r'[0-9a-f]{16} <(.*)>:$', line):
            function = match[1]
        elif match := re.match(r'([0-9a-f]{16}):\t([^#<]*[^#< ])', line):
            code[int(match[1], 16)] = Instruction(function, match[2])
    return code


def marks():
    """address -> BEGIN, END or NAME, of the guest."""
    with open(MARKS, encoding='ascii') as file:
        numbers = re.findall(r'^#define BENCH_(\w+) (0x[0-9a-f]+)$', file.read(), re.M)
    with open(GUEST, 'rb') as file:
        elf = file.read()
    header, = struct.unpack_from('<I', elf, 28)
    _, offset, _, address, size = struct.unpack_from('<5I', elf, header)
    found = {}
    for name, number in numbers:
        pattern = NOP + struct.pack('<I', int(number, 16))
        at = elf.find(pattern, offset, offset + size)
        while at >= 0:
            found[address + at - offset] = name
            at = elf.find(pattern, at + 1, offset + size)
    return found


def recorded(path):
    """(processor, address) of every instruction of a record."""
    with open(path, encoding='ascii', errors='replace') as file:
        for match in filter(None, map(RECORDED.match, file)):
            yield int(match[1] or match[3] or 0), int(match[2] or match[4], 16)


def paths(record, code):
    """
    The last path before each NAME: processor -> addresses in the hypervisor. Where a processor waits in the hypervisor,
    its part begins behind that.
    """
    where, found = marks(), []
    begun, path = collections.defaultdict(list), {}
    for cpu, address in recorded(record):
        if address in code:
            begun[cpu].append(address)
            if code[address].text == 'hlt':
                del begun[cpu]
        elif where.get(address) == 'BEGIN':
            begun.clear()
        elif where.get(address) == 'END':
            path = {number: list(part) for number, part in begun.items()}
        elif where.get(address) == 'NAME':
            found.append(path)
    return found


def dear(path, code, core=None):
    """kind -> how often, on all processors together; with those that are always told of a core."""
    kinds = (dear_kind(code[address].text) for part in path.values() for address in part)
    return {**dict.fromkeys(ALWAYS.get(core, []), 0), **collections.Counter(filter(None, kinds))}


def functions(path, code):
    """function -> how many of its instructions are on the path, the most first."""
    counts = collections.Counter(code[address].function for part in path.values() for address in part)
    return dict(counts.most_common())


# ---- for people -----------------------------------------------------------------------------------------------------

def sources(addresses):
    """address -> [(function, file:line)], those that are inlined before where they are inlined."""
    done = subprocess.run(['addr2line', '-fisae', CORE], input='\n'.join(map(hex, addresses)), stdout=subprocess.PIPE,
                          check=True, text=True)
    found, lines = {}, iter(done.stdout.splitlines())
    for line in lines:
        if line.startswith('0x'):
            places = found[int(line, 16)] = []
        else:
            places.append((line, next(lines).partition(' (')[0]))
    return found


def by_count(names):
    return [f'{count:6}  {name}' for name, count in collections.Counter(names).most_common()]


def listing(part, code, places):
    """Every instruction; where it is of the source, when that is not as the one before."""
    lines, last = [], None
    for address in part:
        where = ' < '.join([' '.join(places[address][0])] + [function for function, _ in places[address][1:]])
        text = code[address].text
        line = f'{address & 0xffffff:06x}  {text:<56}{dear_kind(text) or "":<10}{where if where != last else ""}'
        lines.append(line.rstrip())
        last = where
    return lines


def profile(path, code):
    """Text: the functions of a path by what they take, then its course."""
    places = sources(sorted({address for part in path.values() for address in part}))
    lines = []
    for cpu, part in sorted(path.items()):
        kinds = ', '.join(f'{count} {kind}' for kind, count in dear({cpu: part}, code).items())
        lines += [f'processor {cpu}: {len(part)} instructions of the hypervisor; dear: {kinds or "none"}', '',
                  'by functions:', *by_count(code[address].function for address in part), '',
                  'with inlined functions by themselves:', *by_count(places[address][0][0] for address in part), '',
                  'course:', *listing(part, code, places), '']
    return '\n'.join(lines)

