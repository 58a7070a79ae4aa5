# SPDX-License-Identifier: BSD-2-Clause OR MIT
"""hv_vectors.json: the Python module does what it says, and an interpreter of the rules comes to the same answers."""

import functools
import json
import os

from common import OUT, SPEC, TOP, module, must, read, require
from layout import camel
from oracle import SUCCESS, Oracle, paths

# The convention's rules that a vector can break: not those about the caller, his privileges and mappings.
BREAKABLE = {'code_known', 'control_reserved', 'nested', 'rep_count', 'rep_start', 'variable_header', 'fast_allowed',
             'gpa_alignment', 'gpa_page', 'gpa_space', 'gpa_overlap'}


@functools.lru_cache(maxsize=None)
def vectors():
    return json.loads(read(os.path.join(OUT, 'hv_vectors.json')))


@functools.lru_cache(maxsize=None)
def model():
    return json.loads(must([os.path.join(TOP, 'build/hvgen'), 'json', SPEC]))


def well_formed():
    file = vectors()
    require(file['format'] == 1 and file['sha256'] == model()['sha256'], 'another format or specification')
    for part, least in (('words', 150), ('layouts', 250), ('processor_sets', 5), ('calls', 1500), ('msrs', 150)):
        require(len(file[part]) >= least, f'only {len(file[part])} {part}')
    for part in ('calls', 'msrs'):
        names = [row['name'] for row in file[part]]
        require(len(names) == len(set(names)), f'two {part} have one name')


def words():
    hv = module()
    for row in vectors()['words']:
        kind = getattr(hv, camel(row['id']))
        word = kind(row['value'])
        require({name: int(value) for name, value in word.decode().items()} == row['parts'], f'{row} is {word!r}')
        require(kind.of(**row['parts']) == row['value'], f'{row} is put together as {kind.of(**row["parts"])!r}')
        require(word.pack().hex() == row['bytes'] and kind._size_ == row['size'], f'{row} packs {word.pack().hex()}')


def layouts():
    hv = module()
    for row in vectors()['layouts']:
        kind = getattr(hv, camel(row['id']))
        fields = [{'name': name, 'offset': offset, 'size': field._size_, 'count': count or 1}
                  for offset, name, field, count in kind._fields_]
        require(fields == row['fields'] and (kind._size_, kind._align_) == (row['size'], row['align']), row['id'])


def processor_sets():
    hv = module()
    for row in vectors()['processor_sets']:
        packed = row['valid_bank_mask'], row['bank_contents']
        require(hv.encode_processors(row['processors']) == packed, f'{row} is {hv.encode_processors(row["processors"])}')
        require(hv.decode_processors(*packed) == row['processors'], f'{row} is {hv.decode_processors(*packed)}')


def module_reads_calls():
    """The module takes every good input apart, and puts the same bytes together."""
    hv, count = module(), 0
    for row in vectors()['calls']:
        call = hv.CALLS.get(row['code'])
        if row['rule'] or not call or call.shape[0] == 'unknown':
            continue
        data = bytes.fromhex(row['input'])
        _, control, header, qwords, elements = hv.decode_call(row['control'], data)
        again = call.encode(header, qwords, elements, reps=control.rep_count, fast=control.fast)
        require(again == (row['control'], data), f'{row["name"]} becomes {again}')
        count += 1
    require(count > 150, f'only {count} calls')


def oracle_agrees_on_calls():
    oracle, rules = Oracle(model()), paths(model())
    for row in vectors()['calls']:
        status, path = oracle.answer_call(row['control'], row['place'], bytes.fromhex(row['input']))
        require(status == row['status'], f'{row["name"]}: {row["status"]} in the vector, {status} by the rules ({path})')
        wanted = rules.get(row['rule'], (status, ''))
        require(wanted[0] == status, f'{row["name"]}: rule {row["rule"]} yields {wanted[0]}, the vector {status}')
        require(not path or wanted[1].startswith(path), f'{row["name"]}: breaks {path}, not {wanted[1]}')


def oracle_agrees_on_msrs():
    oracle = Oracle(model())
    for row in vectors()['msrs']:
        faults = oracle.faults(row['msr'], row['access'], row.get('value', 0), row.get('before', 0))
        require(faults == row['faults'], f'{row["name"]}: {"no " * (not faults)}fault by the rules')
        if 'read_back' in row:
            value = oracle.read_back(row['msr'], row['value'])
            require(value == row['read_back'], f'{row["name"]}: reads back {value:#x} by the rules')


def every_rule_both_ways():
    """Each rule of a call is broken by some vector and kept by some; so are those of the convention that need no mode."""
    broken = {row['rule'] for row in vectors()['calls']}
    kept = {row['code'] for row in vectors()['calls'] if not row['rule']}
    for call in model()['hypercalls']:
        if call.get('arch') == 'arm64':
            continue
        require(call['value'] in kept, f'no good vector of {call["name"]}')
        for check in call['checks']:
            require(check['id'] in broken, f'{check["id"]} of {call["name"]} is never broken: {check["text"]}')
    lost = [rule['id'] for rule in model()['rules'] if rule['id'] in BREAKABLE and rule['name'] not in broken]
    require(not lost, f'never broken: {lost}')
    broken = {row['rule'] for row in vectors()['msrs']}
    lost = [check['id'] for msr in model()['msrs'] for check in msr['checks']
            if not msr.get('index') and check['id'] not in broken]
    require(not lost, f'never broken: {lost}')


def answers():
    """This hypervisor answers what the specification demands, but for the calls and MSRs it lacks."""
    calls = {call['value']: call for call in model()['hypercalls'] if call.get('arch') != 'arm64'}
    lacking = {code for code, call in calls.items() if 'unimplemented' in call}
    for row in vectors()['calls']:
        wanted = 'HV_STATUS_INVALID_HYPERCALL_CODE' if row['code'] in lacking else row['status']
        require(row['answer'] == wanted, f'{row["name"]}: {row["answer"]} instead of {wanted}')
        denied = calls[row['code']].get('denied', 'HV_STATUS_ACCESS_DENIED') if row['needs'] else None
        require(row['denied'] == denied, f'{row["name"]}: {row["denied"]} instead of {denied}')
    require(any(row['answer'] == SUCCESS for row in vectors()['calls']), 'nothing works')
    lacking = {msr['value'] for msr in model()['msrs'] if 'unimplemented' in msr}
    for row in vectors()['msrs']:
        wanted = row['faults'] or row['msr'] in lacking
        require(row['answer_faults'] == wanted, f'{row["name"]}: {row["answer_faults"]}')


def oracle_is_no_rubber_stamp():
    """It can say no."""
    oracle = Oracle(model())
    refused = [row for row in vectors()['calls']
               if oracle.answer_call(row['control'], row['place'], bytes.fromhex(row['input']))[0] != SUCCESS]
    require(len(refused) > 1000, f'only {len(refused)} are refused')


def cases():
    yield 'vectors: the file is well formed', well_formed
    yield 'vectors: Python has the same words', words
    yield 'vectors: Python has the same layouts', layouts
    yield 'vectors: Python has the same sets of processors', processor_sets
    yield 'vectors: Python takes every good call apart and puts it together', module_reads_calls
    yield 'vectors: the rules, interpreted, give the same answers to calls', oracle_agrees_on_calls
    yield 'vectors: the rules, interpreted, give the same answers to MSR accesses', oracle_agrees_on_msrs
    yield 'vectors: the interpreter refuses most of them', oracle_is_no_rubber_stamp
    yield 'vectors: every rule is broken and kept', every_rule_both_ways
    yield 'vectors: this hypervisor answers as demanded where it has the call', answers
