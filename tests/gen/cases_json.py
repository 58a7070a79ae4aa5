# SPDX-License-Identifier: BSD-2-Clause OR MIT
"""
Tests of `hvgen json`: its schema describes what it writes and nothing else, it agrees with the other outputs, and it
depends on what the specification says, not on how it is written. json/ has a specification of a little of everything.
"""

import copy
import hashlib
import json
import os
import re
import subprocess
import tempfile

from common import HERE, HVGEN, SPEC, TOP, Failure, Skipped, generate, hvgen, read, require

try:
    import jsonschema
except ImportError:
    jsonschema = None

SCHEMA = os.path.join(TOP, 'gen', 'model.schema.json')
WHOLE = os.path.join(HERE, 'json', 'whole.def')
LISTS = ('hypercalls', 'msrs', 'cpuid', 'statuses', 'registers', 'types')


def model(spec=SPEC, *options, cwd=TOP):
    status, out, err = hvgen('json', *options, spec, cwd=cwd)
    require((status, err) == (0, ''), f'status {status}\n{err}')
    require(out.isascii() and out.endswith('}\n'), 'not ASCII, or no line end')
    return json.loads(out)


# ---- the schema -----------------------------------------------------------------------------------------------------

def validator():
    if not jsonschema or not hasattr(jsonschema, 'Draft202012Validator'):
        raise Skipped('no python3-jsonschema that knows draft 2020-12')
    schema = json.loads(read(SCHEMA))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def follows_schema(spec, *options):
    for error in validator().iter_errors(model(spec, *options)):
        raise Failure(f'{list(error.absolute_path)}: {error.message[:500]}')


# What must not be: where, and what stands there instead (or a function of what stands there).
GONE = object()
SPOILT = (
    ('another format', ('format',), 2),
    ('a version of two numbers', ('version',), '0.1'),
    ('a short digest', ('sha256',), 'abc'),
    ('no sources', ('sources',), []),
    ('a source twice', ('sources',), lambda old: old * 2),
    ('no list of calls', ('hypercalls',), GONE),
    ('calls by name', ('hypercalls',), {}),
    ('a call without a code', ('hypercalls', 'quick', 'value'), GONE),
    ('a code as text', ('hypercalls', 'quick', 'value'), '0x0001'),
    ('a code of 17 bits', ('hypercalls', 'quick', 'value'), 0x10000),
    ('a call of another class', ('hypercalls', 'quick', 'class'), 'fast'),
    ('an unknown caller', ('hypercalls', 'quick', 'callers'), ['host']),
    ('a status that is none', ('hypercalls', 'quick', 'statuses'), ['SUCCESS']),
    ('a field without an offset', ('hypercalls', 'quick', 'input', 0, 'offset'), GONE),
    ('a field without a rule', ('hypercalls', 'quick', 'input', 0, 'rule'), GONE),
    ('a field of no size', ('hypercalls', 'quick', 'input', 0, 'size'), 0),
    ('a negative offset', ('hypercalls', 'quick', 'input', 0, 'offset'), -8),
    ('a fractional offset', ('hypercalls', 'quick', 'input', 0, 'offset'), 0.5),
    ('two variable headers', ('hypercalls', 'quick', 'variable'), lambda _: [FIELD, FIELD]),
    ('a rule id of no call', ('hypercalls', 'quick', 'checks'), lambda _: [{**CHECK, 'id': '17'}]),
    ('an MSR of 64 bits', ('msrs', 'page', 'value'), 1 << 40),
    ('an MSR of another scope', ('msrs', 'page', 'scope'), 'system'),
    ('an MSR with scope and no access', ('msrs', 'page', 'access'), GONE),
    ('an MSR with access and no scope', ('msrs', 'page', 'scope'), GONE),
    ('a bit beyond a register', ('cpuid', 'level', 'value'), 32),
    ('a fifth register', ('cpuid', 'level', 'register'), 'ESI'),
    ('a bit without a leaf', ('cpuid', 'level', 'leaf'), GONE),
    ('a status with another prefix', ('statuses', 'success', 'name'), 'STATUS_SUCCESS'),
    ('a register without a name', ('registers', 'first', 'name'), ''),
    ('a value beyond 64 bits', ('registers', 'first', 'value'), 1 << 64),
    ('a type of no kind', ('types', 'pair', 'kind'), GONE),
    ('a struct without fields', ('types', 'pair', 'fields'), GONE),
    ('an enum without values', ('types', 'format', 'values'), GONE),
    ('a flag set without an integer', ('types', 'choice', 'base'), GONE),
    ('bits without parts', ('types', 'level', 'bits'), GONE),
    ('a mark without a reason', ('hypercalls', 'quick', 'marks'), [{'kind': 'ours', 'reason': ''}]),
    ('a mark of another kind', ('hypercalls', 'quick', 'marks'), [{'kind': 'rumour', 'reason': 'heard'}]),
    ('a remark without a mark', ('remarks', 0, 'marks'), GONE),
    ('an absence without a reason', ('absences', 0, 'reason'), ''),
    ('an unknown architecture', ('hypercalls', 'quick', 'arch'), 'ia64'),
    ('no reason not to have it', ('hypercalls', 'quick', 'unimplemented'), ''),
)
FIELD = {'offset': 0, 'size': 8, 'name': 'x', 'type': 'u64', 'rule': None}
CHECK = {'id': 'HVR-0001-01', 'part': 'input', 'path': 'x', 'text': 'x is zero', 'status': 'GP'}


def step(holder, key):
    """One step of a path; the members of a list are found by their id."""
    if isinstance(holder, list) and isinstance(key, str):
        return next(item for item in holder if item['id'] == key)
    return holder[key]


def spoil(document, path, value):
    holder = document
    for key in path[:-1]:
        holder = step(holder, key)
    last = path[-1]
    if value is GONE:
        require(last in holder, f'nothing to take away at {path}')
        del holder[last]
    else:
        holder[last] = value(holder[last]) if callable(value) else value


def schema_refuses(path, value):
    check, document = validator(), model(WHOLE)
    require(check.is_valid(document), 'the document was wrong before')
    spoil(document, path, value)
    require(not check.is_valid(document), 'taken as good')


def shapes(node, path=()):
    """One object of each shape in the document: shape and object."""
    if isinstance(node, dict):
        yield (path, tuple(sorted(node))), node
        for key, value in node.items():
            yield from shapes(value, path + (key,))
    elif isinstance(node, list):
        for value in node:
            yield from shapes(value, path)


def schema_knows_every_member():
    """No object anywhere may hold a member that the schema does not describe."""
    check, document = validator(), model(WHOLE, '--places')
    seen = dict(shapes(document))
    require(len(seen) > 40, f'{len(seen)} shapes')
    for (path, _), node in seen.items():
        node['surprise'] = 1
        require(not check.is_valid(document), f'{path} may hold anything')
        del node['surprise']
    require(check.is_valid(document), 'the document is wrong')


# ---- what it says ---------------------------------------------------------------------------------------------------

def golden(update):
    path = os.path.splitext(WHOLE)[0] + '.json'
    status, out, err = hvgen('json', WHOLE)
    require((status, err) == (0, ''), err)
    if update:
        with open(path, 'w', encoding='ascii') as file:
            file.write(out)
    wanted = read(path).decode('ascii').split('\n')
    for number, (old, new) in enumerate(zip(wanted, out.split('\n')), 1):
        require(old == new, f'{path}:{number}\n- {old}\n+ {new}')
    require(len(wanted) == out.count('\n') + 1, f'{path} has another length')


def items_have_names_and_values():
    document = model()
    for key in LISTS:
        items = document[key]
        require(items, f'no {key}')
        for item in items:
            require(item['name'] and isinstance(item['value'], int), f'{key}: {item}')
        if key not in ('cpuid', 'types'):
            require([i['value'] for i in items] == sorted(i['value'] for i in items), f'{key} are not in order')
    require({'HvCallPostMessage', 'HvCallFlushVirtualAddressList'} <= {i['name'] for i in document['hypercalls']}, 'calls')


def agrees_with_header():
    """Numbers of calls, MSRs and statuses are those of the hypervisor's own headers."""
    document = model()
    with tempfile.TemporaryDirectory() as folder:
        header = generate(folder)['hv_abi.h'].decode('ascii')
    defined = {name: int(number.rstrip('u'), 0)
               for name, number in re.findall(r'^(?:#define )?\s*(\w+) +(?:= )?(0x[0-9a-f]+)u?,?', header, re.M)}
    known = 0
    for key, spell in (('msrs', '{name}'), ('statuses', '{name}'), ('hypercalls', 'HV_CALL_{id}')):
        for item in document[key]:
            name = spell.format(name=item['name'], id=item['id'].upper())
            if name in defined:
                require(defined[name] == item['value'], f'{name} is {defined[name]:#x} and {item["value"]:#x}')
                known += 1
    require(known > 300, f'only {known} names were found in both')


def fields_fill_their_blocks():
    """The fields of a block lie side by side from its start to its end, and those of a struct."""
    document = model()
    blocks = [(call['name'], call[part], call['sizes'][part]) for call in document['hypercalls']
              for part in ('input', 'rep', 'output', 'rep_output')]
    blocks += [(item['name'], item['fields'], item['value']) for item in document['types'] if item['kind'] == 'struct']
    for name, fields, size in blocks:
        end = 0
        for field in fields:
            require(field['offset'] == end, f'{name}.{field["name"]} is at {field["offset"]}, not {end}')
            end += field['size']
        require(end <= size < end + 8, f'{name} has {size} bytes, its fields {end}')


def types_are_known():
    """Whatever names a type, a privilege or a status names one of the document."""
    document = model()
    types = {item['name'] for item in document['types']} | {'u8', 'u16', 'u32', 'u64', 'i64', 'u128'}
    offers = {item['id'] for key in ('privileges', 'features') for item in document[key]}
    statuses = {item['name'] for item in document['statuses']} | {'UD', 'GP'}
    require(len(types) == len(document['types']) + 6, 'two types of one name')

    def visit(node):
        if isinstance(node, list):
            for item in node:
                visit(item)
        elif isinstance(node, dict):
            for key, value in node.items():
                names = value if isinstance(value, list) else [value]
                known = {'type': types, 'base': types, 'layout': types, 'needs': offers, 'offered': offers,
                         'shows': offers, 'status': statuses, 'denied': statuses}.get(key)
                require(known is None or set(names) <= known, f'{key}: {names} is not known')
                visit(value)

    visit(document)


def large_numbers():
    values = {value['name']: value['value'] for item in model()['types'] for value in item.get('values', ())}
    require(values['HV_PARTITION_ID_SELF'] == 2**64 - 1, f'HV_PARTITION_ID_SELF is {values["HV_PARTITION_ID_SELF"]}')


# ---- what it depends on ---------------------------------------------------------------------------------------------

def copy_spec(folder, change):
    for name in os.listdir(os.path.dirname(SPEC)):
        if name.endswith('.def'):
            with open(os.path.join(folder, name), 'wb') as file:
                file.write(change(name, read(os.path.join(os.path.dirname(SPEC), name))))
    return os.path.join(folder, 'hypercalls.def')


def without_sources(document):
    return {key: value for key, value in document.items() if key not in ('sha256', 'sources')}


def require_same_model(change, but=without_sources):
    with tempfile.TemporaryDirectory() as folder:
        other = model(copy_spec(folder, change))
    this = model()
    require(this['sha256'] != other['sha256'], 'nothing was changed')
    require(but(this) == but(other), 'another model')


def blanks():
    """Comments, empty lines, and more blanks between the words of a line do not matter."""
    def change(_, text):
        text = re.sub(rb'(?m)^(?!.*["/])( *\S.*\S)  +(\S)', rb'\1      \2', text)
        return b'// A remark.\n\n' + re.sub(rb'(?m)^\}', b'\n// End.\n}', text)
    require_same_model(change)


def order():
    """In which order the files are included does not matter."""
    def change(name, text):
        if name != 'hypercalls.def':
            return text
        lines = text.split(b'\n')
        places = [i for i, line in enumerate(lines) if line.startswith(b'include "calls_')]
        require(len(places) > 5, 'no includes')
        for here, there in zip(places, [lines[i] for i in reversed(places)]):
            lines[here] = there
        return b'\n'.join(lines)
    require_same_model(change)


def digest():
    """It is what `cat` of the sources and sha256sum give."""
    document = model()
    text = b''.join(read(os.path.join(os.path.dirname(SPEC), source['file'])) for source in document['sources'])
    require(hashlib.sha256(text).hexdigest() == document['sha256'], 'another digest')


def from_anywhere():
    """The document does not tell where the specification lies; places tell file, line and column."""
    here = hvgen('json', '--places', SPEC)
    there = hvgen('json', '--places', os.path.join('..', 'spec', 'hypercalls.def'), cwd=os.path.join(TOP, 'gen'))
    require(here == there, 'another path, another document')
    call = next(item for item in json.loads(here[1])['hypercalls'] if item['name'] == 'HvCallPostMessage')
    place = call['place']
    line = read(os.path.join(TOP, 'spec', place['file'])).decode().split('\n')[place['line'] - 1]
    require(line[place['column'] - 1:].startswith(f'{call["id"]} ='), f'{place}: {line}')


def without_places():
    document, plain = model(SPEC, '--places'), model()
    require('place' in document['msrs'][0], 'no place')

    def strip(node):
        if isinstance(node, dict):
            return {key: strip(value) for key, value in node.items() if key != 'place'}
        return [strip(value) for value in node] if isinstance(node, list) else node
    require(strip(copy.deepcopy(document)) == plain, 'places change something else')


# ---- the command line -----------------------------------------------------------------------------------------------

COMMANDS = (
    ('without a file', ['json'], 2, 'json: no file given'),
    ('with two files', ['json', SPEC, SPEC], 2, 'json: more than one file'),
    ('with an unknown option', ['json', '--frob', SPEC], 2, "json: unknown option '--frob'"),
    ('of a missing file', ['json', '/nowhere/x.def'], 2, "cannot read '/nowhere/x.def'"),
    ('of a spec with errors', ['json', os.path.join(HERE, 'errors', 'ten_mistakes.def')], 1, '\n10 errors\n'),
)


def refuses(words, status, text):
    got, out, err = hvgen(*words)
    require((got, out) == (status, '') and text in err, f'status {got}\n{err}')


def full_disc():
    if not os.path.exists('/dev/full'):
        raise Skipped('no /dev/full')
    with open('/dev/full', 'wb') as full:
        done = subprocess.run([HVGEN, 'json', SPEC], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    require(done.returncode == 1 and 'cannot write the model: No space left' in done.stderr,
            f'status {done.returncode}\n{done.stderr}')


def cases(update):
    yield 'json, golden', golden, (update,)
    yield 'json, schema and golden', follows_schema, (WHOLE,)
    yield 'json, schema and the specification', follows_schema, (SPEC,)
    yield 'json, schema and places', follows_schema, (SPEC, '--places')
    yield 'json, schema knows every member', schema_knows_every_member, ()
    for name, path, value in SPOILT:
        yield f'json, schema refuses {name}', schema_refuses, (path, value)
    yield 'json, items have names and values', items_have_names_and_values, ()
    yield 'json, numbers are those of the header', agrees_with_header, ()
    yield 'json, fields fill their blocks', fields_fill_their_blocks, ()
    yield 'json, names mean something', types_are_known, ()
    yield 'json, large numbers are exact', large_numbers, ()
    yield 'json, blanks and comments do not matter', blanks, ()
    yield 'json, the order of files does not matter', order, ()
    yield 'json, digest of the sources', digest, ()
    yield 'json, from anywhere the same', from_anywhere, ()
    yield 'json, places are all that --places adds', without_places, ()
    for name, words, status, text in COMMANDS:
        yield f'json {name}', refuses, (words, status, text)
    yield 'json to a full disc', full_disc, ()
