# SPDX-License-Identifier: BSD-2-Clause OR MIT
"""hvgen decode: what it shows, the forms in which bytes may come, and that no input makes it stumble."""

import os
import random
import re
import struct
import subprocess
import tempfile

from cases_explain import transcript
from common import CRASHES, HERE, HVGEN, TOP, hvgen, require

TINY = os.path.join(HERE, 'transcripts', 'decode.def')

REFUSED = (
    ('no kind', [], 'decode: no kind given'),
    ('an unknown kind', ['frob', '1'], "decode: unknown kind 'frob'"),
    ('an unknown option', ['--frob', 'x', 'control'], "decode: unknown option '--frob'"),
    ('a bare -s', ['-s'], "decode: nothing behind '-s'"),
    ('an odd --var', ['--var', 'x', 'control', '1'], "decode: no number of qwords that an input can have 'x'"),
    ('too large a --var', ['--var', '600', 'control', '1'], 'no number of qwords'),
    ('a missing file', ['-s', '/nowhere/x.def', 'control', '1'], "cannot read '/nowhere/x.def'"),
    ('no control word', ['control'], 'decode: a number is missing'),
    ('an odd control word', ['control', '12g'], "decode: no hexadecimal number of at most 64 bits '12g'"),
    ('too long a control word', ['control', '1' * 17], "decode: no hexadecimal number of at most 64 bits '1"),
    ('two control words', ['control', '1', '2'], "decode: too many words: one is '2'"),
    ('an MSR without value', ['msr', 'simp'], 'decode: a number is missing'),
    ('no MSR', ['msr'], 'decode: no name given: which msr?'),
    ('an unknown MSR', ['msr', 'HV_X64_MSR_SIMPP', '1'], 'did you mean HV_X64_MSR_SIMP'),
    ('a call as MSR', ['msr', 'HvCallPostMessage', '1'], "decode: no msr is called 'HvCallPostMessage'"),
    ('a leaf with one value', ['cpuid', '0x40000003', '1'], 'decode: a leaf has four registers'),
    ('a register with two values', ['cpuid', '0x40000003.eax', '1', '2'], 'decode: a register has one value'),
    ('a wide register', ['cpuid', '0x40000003.eax', '100000000'], 'decode: a register of CPUID has 32 bits'),
    ('a bit of a register', ['cpuid', '0x40000003.eax.4', '1'], 'decode: a leaf or a register of one is needed'),
    ('an input without bytes', ['input', 'HvCallPostMessage'], 'decode: no bytes given'),
    ('half a byte', ['input', 'HvCallPostMessage', '123'], "decode: half a byte '123'"),
    ('odd bytes', ['input', 'HvCallPostMessage', '12', 'xy'], "decode: neither a number nor bytes 'xy'"),
    ('an odd number', ['input', 'HvCallPostMessage', '0x123'], 'decode: a number in memory has 2, 4, 8 or 16 digits'),
    ('a missing dump', ['message', '@/nowhere/x'], "cannot read '/nowhere/x': No such file or directory"),
    ('a folder as dump', ['message', '@/'], "cannot read '/': Is a directory"),
    ('a trace without a file', ['trace'], 'decode: a trace is a file, as @PATH'),
    ('a trace in words', ['trace', '12'], "decode: a trace is a file, as @PATH '12'"),
    ('two traces', ['trace', '@a', '@b'], "decode: too many words: one is '@b'"),
    ('a missing trace', ['trace', '@/nowhere/x'], "cannot read '/nowhere/x'"),
    ('a short message', ['message', '00'], 'decode: 1 bytes are less than the header of a message, which has 16'),
    ('a register without layout', ['register', 'HvX64RegisterRax', '00'],
     "decode: no layout is known of 'HvX64RegisterRax'"),
    ('no control word in the specification', ['-s', os.path.join(HERE, 'golden', 'calls', 'spec.def'), 'control', '1'],
     "decode: the specification has no bits 'hypercall_control'"),
    ('no message in the specification', ['-s', os.path.join(HERE, 'golden', 'calls', 'spec.def'), 'message', '00' * 16],
     "decode: the specification has no struct 'message'"),
)

MESSAGE = bytes.fromhex('10000080 10000000 0000000000000000 0200000000000000 4000000000000000') + b'|: Partita  0a'


def refused(words, message):
    status, out, err = hvgen('decode', *words)
    require((status, out) == (2, ''), f'status {status}\n{out}')
    require(message in err, f'"{message}" is not in\n{err[:2000]}')


def with_input(content, *words):
    done = subprocess.run([HVGEN, 'decode', '-s', TINY, *words], cwd=TOP, input=content, capture_output=True,
                          timeout=60, check=False)
    err = done.stderr.decode('utf-8', 'replace')
    require(not any(word in err for word in CRASHES) and done.returncode >= 0, err)
    return done.returncode, done.stdout.decode('ascii'), err


# ---- forms of bytes -------------------------------------------------------------------------------------------------

def rows(data, size=16):
    return [(at, data[at:at + size]) for at in range(0, len(data), size)]


def printable(data):
    return ''.join(chr(c) if 32 <= c < 127 else '.' for c in data)


def xxd(data):
    return ''.join(f'{at:08x}: {row.hex(" ", -2):39}  {printable(row)}\n' for at, row in rows(data))


def hexdump(data):
    text = ''.join(f'{at:08x}  {row[:8].hex(" "):23}  {row[8:].hex(" "):23}  |{printable(row)}|\n'
                   for at, row in rows(data))
    return text + f'{len(data):08x}\n'


def od(data):
    return ''.join(f'{at:07o} {row.hex(" ")}\n' for at, row in rows(data)) + f'{len(data):07o}\n'


def numbers(size):
    def form(data):
        lines = rows(data + bytes(-len(data) % size), size)
        return ' '.join(f'0x{int.from_bytes(row, "little"):0{2 * size}x}' for _, row in lines)
    return form


def gdb(data):
    lines = rows(data + bytes(-len(data) % 16))
    words = [(at, numbers(8)(row).replace(' ', '\t')) for at, row in lines]
    return ''.join(f'0x7ffe{at:04x} <page+{at}>:\t{row}\n' for at, row in words)


FORMS = {
    'one word': bytes.hex,
    'bytes': lambda data: data.hex(' '),
    'capitals': lambda data: data.hex(' ').upper(),
    'commas': lambda data: ', '.join(f'0x{c:02x}' for c in data),
    'bytes in rows': lambda data: '\n'.join(row.hex(' ') for _, row in rows(data)),
    'xxd': xxd,
    'hexdump -C': hexdump,
    'od': od,
    '32-bit numbers': numbers(4),
    '64-bit numbers': numbers(8),
    'gdb': gdb,
}


def form(write):
    """The same message however its bytes are written; zeros fill it up where a form has no single bytes."""
    wanted = with_input(MESSAGE + bytes(256 - len(MESSAGE)), 'message', '-')
    text = write(MESSAGE + bytes(256 - len(MESSAGE))).encode('ascii')
    require(wanted[0] == 0 and '0x0000000000000040' in wanted[1], wanted)
    require(with_input(text, 'message', '-') == wanted, with_input(text, 'message', '-'))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'dump')
        with open(path, 'wb') as file:
            file.write(text)
        require(with_input(b'', 'message', '@' + path) == wanted, 'another answer for the file')


def whole_page():
    """A page of messages: the slot of each source."""
    page = bytearray(4096)
    page[2 * 256:2 * 256 + len(MESSAGE)] = MESSAGE
    _, out, _ = with_input(bytes(page), 'message', '-')
    require(re.findall(r'^SINT(\d+)\n  empty', out, re.M) == [str(i) for i in range(16) if i != 2], out)
    require(re.search(r'^SINT2\n.*TimerExpired', out, re.M), out)


# ---- traces ----------------------------------------------------------------------------------------------------------

KINDS = re.findall(r'X\((\w+), "', open(os.path.join(TOP, 'src/trace_format.h'), encoding='ascii').read())
TYPES = re.findall(r'^\tTRACE_(\w+)', open(os.path.join(TOP, 'src/trace_format.h'), encoding='ascii').read(), re.M)


def vp_trace(vp, exits, records, counts=None, magic=b'PartTrc1'):
    """What one VP leaves: records are (type, low part of the exit's number, a, b, c, d)."""
    head = struct.pack('<8sIIQQQII', magic, vp, len(records), exits, 1000000000, 5000, len(KINDS), 0)
    counters = b''.join(struct.pack('<QQ', *(counts or {}).get(kind, (0, 0))) for kind in KINDS)
    return head + counters + b''.join(struct.pack('<HHIQQQ', TYPES.index(kind), *rest) for kind, *rest in records)


def control(code, var=0, count=0, start=0):
    return code | var << 17 | count << 32 | start << 48


TRACE = vp_trace(0, 0x20003, [
    ('MSR_WRITE', 0xfffe, 0x40000001, 0x5001, 0, 0),
    ('REFUSAL', 0xfffe, 0, 0x40000001, 0x5001, 0),
    ('EXIT', 1, KINDS.index('HYPERCALL'), 2000005000, 0x1234, 77),
    ('HYPERCALL', 1, 5 | 1 << 16, control(3, var=1, count=2), 2, 0),
    ('INJECT', 1, 0x40, 0, 0, 0),
    ('INPUT', 1, 16, 1, 0x99, 0x5000),
    ('INPUT', 1, 40, 0x6001, 0, 0),
    ('REFUSAL', 2, 1, 3, control(3), 0),
    ('HYPERCALL', 2, 2, control(3), 1, 2),
    ('HYPERCALL', 3, 0x77, control(0x123), 1, 2),
], {'HYPERCALL': (3, 300)}) + vp_trace(1, 9, [
    ('EXIT', 8, KINDS.index('PORT'), 1500006000, 0x88, 5),
    ('IO', 8, 0x604, 0x2000, 0, 0),
    ('INTERRUPT', 9, 0x30, 2500005000, 0, 0),
    ('INJECT', 9, 0x30, 0, 0, 0),
    ('NPT_FAULT', 9, 3, 0xfee00000, 0, 0),
    ('CPUID', 9, 0x80000001, 0, 0, 0),
    ('VENDOR', 9, 0x65, 1, 2, 0),
    ('EXIT', 9, len(KINDS), 3500005000, 0x99, 0),
])

DECODED = '''\
vp 0: 131075 exits, 10 records
           3 hypercall                           300 ticks, 100 each
vp 1: 9 exits, 8 records
               vp 0  131070  HV_X64_MSR_PAGE = 0x5001
               vp 0  131070  refused HV_X64_MSR_PAGE, value 0x5001
     1.500001  vp 1  8  exit at 0x88: port, 5 ticks
     1.500001  vp 1  8  out port 0x604, value 0x2000
     2.000000  vp 0  131073  exit at 0x1234: hypercall, 77 ticks
     2.000000  vp 0  131073  HvCallSweep(flags=More, format=Sparse, banks=0x1, 0x99, {range=0x5000}, {range=0x6001}) of 2 from 0\
 = HV_STATUS_INVALID_PARAMETER, 1 done
     2.000000  vp 0  131073  inject vector 64, error code 0x0
     2.000000  vp 0  131074  refused 0x3, value 0x3 by HVR-C-01: caller_mode
     2.000000  vp 0  131074  HvCallSweep() = HV_STATUS_INVALID_HYPERCALL_CODE
     2.000000  vp 0  131075  call 0x0123() = 0x0077
     2.500000  vp 1  9  physical interrupt, vector 48
     2.500000  vp 1  9  inject vector 48, error code 0x0
     2.500000  vp 1  9  nested page fault at GPA 0xfee00000, access rw
     2.500000  vp 1  9  CPUID 0x80000001.0
     2.500000  vp 1  9  exit code 0x65, 0x1, 0x2
     3.500000  vp 1  9  exit at 0x99, not handled yet
'''


def decode_file(data):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'trace')
        with open(path, 'wb') as file:
            file.write(data)
        return hvgen('decode', '-s', TINY, 'trace', '@' + path)


def trace():
    """Two processors' records in the order of time, with names, arguments and full exit numbers."""
    status, out, err = decode_file(TRACE)
    require((status, err) == (0, ''), err)
    require(out == DECODED, out)


def no_trace(data, message):
    status, out, err = decode_file(data)
    require((status, out) == (2, '') and message in err, f'{status} {out} {err}')


def random_traces(seed):
    """Any content, of any length: an answer or a refusal, and never a stumble."""
    chance = random.Random(seed)
    for _ in range(40):
        data = bytearray(TRACE)
        for _ in range(chance.randrange(1, 9)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        status, out, err = decode_file(bytes(data[:chance.choice((len(data), chance.randrange(len(data))))]))
        require(status in (0, 2) and bool(err) == bool(status), f'{status}\n{err}')
        require_lines('trace', out)


# ---- anything at all ------------------------------------------------------------------------------------------------

def require_lines(words, out):
    for line in out.split('\n'):
        require(line == line.rstrip() and line.isascii(), f'{words}: odd line {line!r}')


def random_bytes(seed, count=60):
    chance = random.Random(seed)
    calls = [f'call:0x{code:04x}' for code in (2, 3, 0xb, 0x13, 0x14, 0x50, 0x51, 0x5c, 0x5d, 0x7c, 0xe3, 0xe4)]
    for _ in range(count):
        data = bytes(chance.randrange(256) if chance.random() < 0.5 else 0 for _ in range(chance.randrange(1, 400)))
        number = f'{chance.getrandbits(64):x}'
        words = chance.choice((
            ['control', number], ['result', number], ['msr', 'hypercall', number, number],
            ['message', data.hex()], ['type', 'message_page', data.hex()],
            ['input', chance.choice(calls), data.hex()], ['output', chance.choice(calls), data.hex()],
            ['cpuid', 'features', *(f'{chance.getrandbits(32):x}' for _ in range(4))],
        ))
        status, out, err = hvgen('decode', *words)
        require(status in (0, 2), f'{words}: {status}\n{err}')
        require(bool(err) == bool(status) and bool(out) != bool(status), f'{words}: {out}\n{err}')
        require_lines(words, out)


def broken_by_name():
    """What explain says breaks a rule, decode says is broken: by its id and no rule before it."""
    for rule in ('HVR-0003-01', 'HVR-0003-02', 'HVR-0003-03', 'HVR-0003-04'):
        _, out, _ = hvgen('explain', '-s', TINY, rule)
        parts = re.findall(r'^(?:header|element) +((?:[0-9a-f]{2}\s*)+)', out, re.M)
        bank = re.search(r'(\d+) qwords of 0x(\w+)', out)
        var = int(bank[1]) if bank else 0
        data = [re.sub(r'\s', '', part) for part in parts]
        data.insert(1, int(bank[2], 16).to_bytes(8, 'little').hex() * var if bank else '')
        _, out, _ = hvgen('decode', '-s', TINY, '--var', str(var), 'input', 'sweep', ''.join(data))
        told = re.findall(r'^! (HVR-[\w-]+)', out, re.M)
        require(told and told[0] == rule, f'{rule}: {told}\n{out}')


def cases(update):
    yield 'decode, transcript', transcript, ('decode', update)
    for name, words, message in REFUSED:
        yield f'decode, {name}', refused, (words, message)
    for name, write in FORMS.items():
        yield f'decode, bytes as {name}', form, (write,)
    yield 'decode, a page of messages', whole_page, ()
    yield 'decode, inputs that break a rule', broken_by_name, ()
    yield 'decode, a trace', trace, ()
    yield 'decode, no trace', no_trace, (b'PartTrc0' + TRACE[8:], 'this is no trace of this version')
    yield 'decode, a trace cut short', no_trace, (TRACE[:-1], 'the trace is cut short')
    yield 'decode, a trace of too many', no_trace, (vp_trace(0, 0, []) * 65, 'too many processors')
    for seed in range(3):
        yield f'decode, random traces, seed {seed}', random_traces, (seed,)
    for seed in range(2):
        yield f'decode, random bytes, seed {seed}', random_bytes, (seed,)
