# SPDX-License-Identifier: BSD-2-Clause OR MIT
"""
hvgen explain: what it shows, and that every thing of the specification is found under its names.

A transcript, here and for other commands that print, is a list of commands with what each writes and how it ends.
"""

import os
import re
import shlex

from common import HERE, TOP, hvgen, read, require

COLUMNS, LINES = 80, 50

REFUSED = (
    ('no name', [], 'explain: no name given'),
    ('an empty name', [''], 'explain: no name given'),
    ('an unknown option', ['--frob', 'x'], "explain: unknown option '--frob'"),
    ('two names', ['a', 'b'], "explain: more than one name: second is 'b'"),
    ('a bare -s', ['x', '-s'], "explain: no file behind '-s'"),
    ('two files', ['-s', 'a', '-s', 'b', 'x'], "explain: second option '-s'"),
    ('a missing file', ['-s', '/nowhere/x.def', 'x'], "cannot read '/nowhere/x.def'"),
    ('a name of nothing', ['zzzzzzzzzz'], "explain: nothing is called 'zzzzzzzzzz'\n"),
    ('a misspelt name', ['HvCallPostMesage'], 'did you mean HvCallPostMessage'),
    ('a part of a name', ['FlushVirtualAddressL'], 'HvCallFlushVirtualAddressList'),
    ('a number of nothing', ['0x12345678'], "nothing is called '0x12345678'"),
    ('another kind', ['msr:HvCallPostMessage'], "nothing is called 'msr:HvCallPostMessage'"),
    ('a very long name', ['x' * 100_000], 'nothing is called'),
)

# Every usual spelling, and how the screen about it begins.
SPELLINGS = {
    r'HvCallFlushVirtualAddressList +hypercall 0x0003': (
        'HvCallFlushVirtualAddressList', 'flush_virtual_address_list', 'HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST',
        'HvFlushVirtualAddressList', 'hvcallflushvirtualaddresslist', 'call:3', 'call:0x0003'),
    r'HV_X64_MSR_SIMP +MSR 0x40000083': (
        'HV_X64_MSR_SIMP', 'HV_MSR_SIMP', 'simp', '0x40000083', '40000083', '0x4000_0083'),
    r'HV_X64_MSR_SINT3 +MSR 0x40000093': ('HV_X64_MSR_SINT3', 'sint3', '0x40000093'),
    r'HV_STATUS_ACCESS_DENIED +status 0x0006': ('HV_STATUS_ACCESS_DENIED', 'access_denied', 'AccessDenied', 'status:6'),
    r'HvRegisterVpIndex +0x00090003 of HV_REGISTER_NAME': (
        'HvRegisterVpIndex', 'HV_REGISTER_VP_INDEX', 'register:0x00090003', 'register:vp_index'),
    r'HV_MESSAGE_HEADER +structure, 16 bytes': ('HV_MESSAGE_HEADER', 'message_header', 'hv_message_header'),
    r'privilege\.access_hypercall_msrs +bit 5': ('privilege.access_hypercall_msrs', 'privilege.5'),
    r'xmm_registers_for_fast_hypercall +EDX of CPUID leaf features, bit 4': (
        '0x40000003.edx.4', 'features.edx.4', '0x40000003.edx.xmm_registers_for_fast_hypercall', '0x40000003.EDX.4'),
    r'0x40000003\.edx +EDX of CPUID leaf': ('0x40000003.edx', 'features.edx'),
    r'0x40000003 +CPUID leaf features\n': ('cpuid:0x40000003', 'features'),
    r'0x40000003 +CPUID leaf features_arm64\n': ('arm64:cpuid:0x40000003', 'features_arm64'),
    r'HVR-C-05 +rule of the calling convention': ('HVR-C-05', 'hvr-c-05', 'control_reserved'),
    r'HVR-0002-01 +rule of HvCallFlushVirtualAddressSpace': ('HVR-0002-01',),
}


# ---- transcripts ----------------------------------------------------------------------------------------------------

def run_commands(path):
    """The transcript as it would be today."""
    text = ''
    for line in read(path).decode('ascii').split('\n'):
        if line.startswith('$ hvgen '):
            status, out, err = hvgen(*shlex.split(line)[2:])
            text += f'{line}\n{out}{err}[{status}]\n'
    return text


def transcript(name, update):
    path = os.path.join(HERE, 'transcripts', name + '.txt')
    text = run_commands(path)
    require('$ hvgen ' in text, 'no commands')
    if update and text != read(path).decode('ascii'):
        with open(path, 'w', encoding='ascii') as file:
            file.write(text)
        print(f'# updated {os.path.relpath(path, TOP)}')
    require(text == read(path).decode('ascii'), f'{name}.txt differs: run tests/gen/run --update and look at the diff')


# ---- the whole specification ----------------------------------------------------------------------------------------

def refused(words, message):
    status, out, err = hvgen('explain', *words)
    require((status, out) == (2, ''), f'status {status}\n{out}')
    require(message in err, f'"{message}" is not in\n{err[:2000]}')


def require_screen(word, out):
    lines = out.split('\n')
    require(out.isascii() and '\t' not in out, f'{word}: odd characters')
    for line in lines:
        require(len(line) <= COLUMNS, f'{word}: over {COLUMNS} columns: {line}')
        require(line == line.rstrip(), f'{word}: blanks at the end of: {line}')
    require(len(lines) - 1 <= LINES, f'{word}: {len(lines) - 1} lines')


def explained(word):
    status, out, err = hvgen('explain', word)
    require((status, err) == (0, ''), f'{word}: status {status}\n{err}')
    require_screen(word, out)
    return out


def spelling(pattern, words):
    for word in words:
        out = explained(word)
        require(re.match(pattern, out), f'{word}: {out[:300]}')


def ambiguous():
    out = explained('0x14')
    require('call:HvCallFlushVirtualAddressListEx' in out and 'status:HV_STATUS_NOT_ACKNOWLEDGED' in out, out)
    for word in re.findall(r'^  hvgen explain (\S+)$', out, re.M):
        require('may mean' not in explained(word), f'{word} is not alone')


def spec_text():
    folder = os.path.join(TOP, 'spec')
    return '\n'.join(read(os.path.join(folder, name)).decode('utf-8') for name in sorted(os.listdir(folder)))


def every_kind(pattern, prefix, shown, step):
    """What a line of the specification declares is found by its name, and its number is on the screen."""
    found = re.findall(pattern, spec_text(), re.M)
    require(len(found) > step, f'only {len(found)} declared')
    for name, number in found[::step]:
        out = explained(f'{prefix}{name}')
        require('may mean' in out or shown.format(int(number.replace('_', ''), 0)) in out, f'{name}: {out[:300]}')


def whole_listing():
    short, everything = explained('register_name'), hvgen('explain', '--all', 'register_name')[1]
    require('more lines: --all shows them' in short, short[-300:])
    require(everything.count('\n') > 900 and 'more lines' not in everything, 'not all of it')
    for line in short.split('\n')[:20]:
        require(line in everything, f'not in the whole: {line}')


def usual_spec():
    """Without -s: the specification of the current folder, else the one beside the program's folder."""
    here, elsewhere = hvgen('explain', 'HvCallPostMessage'), hvgen('explain', 'HvCallPostMessage', cwd='/')
    require(here[0] == elsewhere[0] == 0, elsewhere[2])
    require(here[1].split('\n')[:3] == elsewhere[1].split('\n')[:3], elsewhere[1])
    require(re.search(r'declared +spec/calls_synic\.def:', here[1]), here[1])
    require(re.search(rf'declared +{TOP}/\S*spec/calls_synic\.def:', elsewhere[1]), elsewhere[1])


def cases(update):
    yield 'explain, transcript', transcript, ('explain', update)
    for name, words, message in REFUSED:
        yield f'explain, {name}', refused, (words, message)
    for pattern, words in SPELLINGS.items():
        yield f'explain, spellings of {words[0]}', spelling, (pattern, words)
    yield 'explain, a number with two meanings', ambiguous, ()
    yield 'explain, calls', every_kind, (r'^hypercall (\w+) = (0x\w+)', 'call:', 'hypercall 0x{:04x}', 5)
    yield 'explain, MSRs', every_kind, (r'^msr (\w+) = (0x\w+)', 'msr:', 'MSR 0x{:08x}', 5)
    yield 'explain, leaves', every_kind, (r'^cpuid (?=0x\w+ (\w+))(0x\w+)', 'cpuid:', '0x{:08x}', 3)
    yield 'explain, registers', every_kind, (
        r'^    (?=0x\w+ +\w+ +named "(Hv(?:X64|Arm64)?Register\w+)")(0x\w+)', 'register:', '0x{:08x}', 40)
    yield 'explain, structs', every_kind, (r'^struct (\w+) size (\w+)', 'type:', 'structure, {} bytes', 5)
    yield 'explain, --all', whole_listing, ()
    yield 'explain, the usual specification', usual_spec, ()
