# SPDX-License-Identifier: BSD-2-Clause OR MIT
"""python/hv_tlfs.py: agrees with C, takes words, structures, messages and calls apart and puts them together."""

import ast
import doctest
import os
import random
import shutil
import sys

import layout
from common import OUT, Skip, module, must, read, require

PATH = os.path.join(OUT, 'python', 'hv_tlfs.py')


def compiles():
    must([sys.executable, '-B', '-W', 'error', '-c',
          f'import sys; sys.path.insert(0, {os.path.dirname(PATH)!r}); import hv_tlfs'])
    imported = [node for node in ast.walk(ast.parse(read(PATH))) if isinstance(node, (ast.Import, ast.ImportFrom))]
    modules = [name.name for node in imported for name in node.names]
    require(modules == ['collections'], f'imports {modules}')


def is_clean():
    if not shutil.which('pyflakes3'):
        raise Skip('pyflakes3 is not installed')
    must(['pyflakes3', PATH])


def documented():
    failed, tried = doctest.testmod(module())
    require(tried >= 6 and not failed, f'{failed} of {tried} examples failed')


def classes(base):
    """{name in the interface: class} of all classes of a kind."""
    return {name: kind for name, kind in vars(module()).items()
            if isinstance(kind, type) and issubclass(kind, getattr(module(), base)) and not name.startswith('_')}


def structure_dump():
    dump = {}
    for name, fields in layout.structures().items():
        kind = getattr(module(), layout.camel(name), None)
        require(kind, f'no class for struct {name}')
        dump[f'struct {name} size'], dump[f'struct {name} align'] = kind._size_, kind._align_
        offsets = {field: offset for offset, field, _, _ in kind._fields_}
        require(set(offsets) == {field for field in fields if not field.startswith('_')}, f'fields of struct {name}')
        dump.update({f'struct {name} {field}': offset for field, offset in offsets.items()})
    return dump


def constant_dump():
    hv, prefixes = module(), layout.prefixes()
    dump = {name: status for status, name in hv.STATUSES.items()}
    dump.update({msr.name: number for number, msr in hv.MSRS.items()})
    for base in ('_Enum', '_Flags'):
        for name, kind in classes(base).items():
            dump.update({f'{prefixes[name]}_{value_name}': value for value, value_name in kind._names_.items()})
    for name, kind in classes('_Bits').items():
        if name.startswith(('Msr', 'Cpuid')):
            continue
        for part, (high, low, _) in kind._parts_.items():
            if high != low and high - low + 1 < 8 * kind._size_:
                dump[f'{prefixes[name]}_{part.upper()}_MASK'] = (2 << high) - (1 << low)
    for leaf in hv.LEAVES.values():
        dump[f'HV_CPUID_{leaf.name.upper()}'] = leaf.number
    return dump


def agrees_with_c():
    layout.compare(structure_dump(), 'Python', r'struct \w+ (?!_)')
    layout.compare(constant_dump(), 'Python', r'HV_STATUS_')
    codes = {value for name, value in layout.of_c().items() if name.startswith('HV_CALL_')}
    require(codes == set(module().CALLS), 'other codes of calls')


def chance_of(kind, chance):
    """A structure or word of that kind with random content."""
    hv = module()
    if not issubclass(kind, hv._Struct):
        return kind.unpack(chance.randbytes(kind._size_))
    return kind(**{name: [chance_of(part, chance) for _ in range(count)] if count else chance_of(part, chance)
                   for _, name, part, count in kind._fields_})


def round_trips():
    """Every structure and word is what it was after packing and unpacking, and has its size."""
    chance, count = random.Random(1), 0
    for kind in {**classes('_Struct'), **classes('_Word')}.values():
        value = chance_of(kind, chance)
        data = value.pack()
        require(len(data) == kind._size_, f'{kind.__name__} packs {len(data)} bytes')
        require(kind.unpack(data) == value, f'{kind.__name__} changes')
        repr(value)
        count += 1
    require(count > 300, f'only {count} types')


def parts_round_trip():
    chance = random.Random(2)
    for name, kind in classes('_Bits').items():
        parts = {part: chance.randrange(2 << (high - low)) for part, (high, low, _) in kind._parts_.items()}
        word = kind.of(**parts)
        require({part: int(value) for part, value in word.decode().items()} == parts, f'{name} loses parts')
        require(not word & kind._mbz_, f'{name} has parts where bits are reserved')


def refuses():
    hv = module()
    for what, attempt in (
            ('a byte of 256', lambda: hv.U8(256)), ('a negative number', lambda: hv.U64(-1)),
            ('a part too large', lambda: hv.HypercallControl.of(rep_count=4096)),
            ('an unknown part', lambda: hv.HypercallControl.of(reps=1)),
            ('an unknown field', lambda: hv.SegmentRegister(bass=1)),
            ('too few bytes', lambda: hv.SegmentRegister.unpack(bytes(15))),
            ('an array of another length', lambda: hv.EventFlags(flags=[0])),
            ('a field of another type', lambda: hv.Message(header=hv.SegmentRegister())),
            ('an unknown call', lambda: hv.decode_call(0x7777, b'')),
            ('an unknown MSR', lambda: hv.decode_msr(0x40000fff, 0))):
        try:
            attempt()
        except (ValueError, TypeError, KeyError):
            continue
        require(False, f'takes {what}')


def messages():
    """Written out by hand from the layouts of the manual: a message in its slot, and what must be found in it."""
    hv = module()
    header = bytes.fromhex('00000180' '50010000' '0100000000000000')        # io_port_intercept, 80 bytes, more to come
    intercept = bytes.fromhex('03000000' '02' '01' '0000' '0000000000000000' '0000000000000000'
                              '0000000000000000' 'f0ff000000000000' '0200000000000000')
    got, payload = hv.decode_message((header + intercept).ljust(256, b'\0'))
    require(got.type == hv.MessageType.IO_PORT_INTERCEPT and got.payload_size == 0x50, repr(got))
    require(got.flags.message_pending == 1 and got.sender == 1, repr(got))
    require(type(payload) is bytes and payload.startswith(intercept), f'80 bytes are no whole payload: {payload!r}')
    got, payload = hv.decode_message((header.replace(b'\x50', b'\x80') + intercept).ljust(256, b'\0'))
    require(type(payload) is hv.IoPortInterceptMessage, repr(payload))
    require(payload.header.vp_index == 3, repr(payload))
    for value, kind in hv.MessageType._contents_.items():
        data = hv.MessageHeader(type=value, payload_size=kind._size_).pack() + bytes(240)
        require(type(hv.decode_message(data)[1]) is kind, f'{hv.MessageType(value)!r} has another payload')
    _, payload = hv.decode_message(hv.MessageHeader(type=1, payload_size=5).pack() + b'hello'.ljust(240, b'\0'))
    require(payload == b'hello', repr(payload))


def calls():
    """A flush of two ranges, put together and taken apart again."""
    hv = module()
    call = hv.call_named('HvCallFlushVirtualAddressListEx')
    header = hv.FlushVirtualAddressListExIn(address_space=0x1000, flags=hv.FlushFlags.ALL_PROCESSORS, format=0,
                                            valid_bank_mask=5)
    elements = [call.each(range=0x7000), call.each(range=0x9001)]
    control, data = call.encode(header, [1, 2], elements)
    require(control == 0x0000_0002_0004_0014, hex(control))
    words = [int.from_bytes(data[i:i + 8], 'little') for i in range(0, len(data), 8)]
    require(words == [0x1000, 1, 0, 5, 1, 2, 0x7000, 0x9001], str(words))
    require(hv.decode_call(control, data) == (call, control, header, [1, 2], elements), 'another call comes back')
    get = hv.call_named('HvCallGetVpRegisters')
    output = hv.U128(7).pack() + hv.U128(1 << 64).pack()
    _, values = get.decode_output(2, output)
    require([value.value for value in values] == [7, 1 << 64], repr(values))


def every_call():
    """Zeroed input of every call of a known shape is decoded to what encoded it."""
    hv, chance, count = module(), random.Random(3), 0
    for call in hv.CALLS.values():
        if call.shape[0] == 'unknown':
            continue
        header = chance_of(call.header, chance) if call.header else None
        elements = [chance_of(call.each, chance) for _ in range(3)] if call.each else []
        qwords = [7, 8] if call.var else []
        control, data = call.encode(header, qwords, elements, reps=3 if call.rep else 0)
        require(hv.decode_call(control, data) == (call, control, header, qwords, elements), f'{call.name} changes')
        count += 1
    require(count > 100, f'only {count} calls')


def cpuid():
    hv = module()
    name, registers = hv.decode_cpuid(0x40000001, 0x31237648, 0, 0, 0)
    require(name == 'interface' and registers['eax'].signature == 0x31237648, repr(registers))
    name, registers = hv.decode_cpuid(0x40000003, 1 << 5, 0, 0, 0)
    require(registers['eax'].access_hypercall_msrs == 1, repr(registers))


def cases():
    yield 'Python: compiles without warnings and needs nothing', compiles
    yield 'Python: pyflakes finds nothing', is_clean
    yield 'Python: the examples of the documentation are true', documented
    yield 'Python: layouts and constants agree with C', agrees_with_c
    yield 'Python: structures and words survive bytes', round_trips
    yield 'Python: parts of words survive', parts_round_trip
    yield 'Python: refuses what does not fit', refuses
    yield 'Python: decodes messages', messages
    yield 'Python: encodes and decodes a call', calls
    yield 'Python: encodes and decodes every call', every_call
    yield 'Python: decodes CPUID leaves', cpuid
