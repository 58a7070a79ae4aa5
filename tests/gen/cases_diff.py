# SPDX-License-Identifier: BSD-2-Clause OR MIT
"""
Tests of hvgen diff and flat: prepared edits of a small specification (diff/edits.txt says how they are written),
versions, waivers, the changelog, and the real specification.
"""

import json
import os
import random
import re
import shutil
import subprocess
import tempfile

from common import HERE, SPEC, generate, hvgen, read, require

FOLDER = os.path.join(HERE, 'diff')
BASE = os.path.join(FOLDER, 'base.def')


# ---- prepared edits -------------------------------------------------------------------------------------------------

class Edit:
    """One edit of the base, and what must be said of it."""

    def __init__(self, name):
        self.name = name
        self.hunks, self.changes, self.notes, self.waivers = [], [], [], []
        self.reversed, self.status, self.below = False, None, None

    def line(self, sign, text):
        """Take `- text` or `+ text`: a - line behind a + line starts another hunk."""
        if not self.hunks or (sign == '-' and self.hunks[-1][2]) or self.below:
            self.hunks.append((self.below, [], []))
            self.below = None
        self.hunks[-1][1 if sign == '-' else 2].append(text)

    def word(self, word, rest):
        if word in ('-', '+'):
            self.line(word, rest)
        elif word == '@':
            self.below = rest
        elif word == '=':
            self.changes.append(tuple(rest.split()))
        elif word == '?':
            self.notes.append(tuple(rest.split(': ', 1)))
        elif word == 'allow':
            self.waivers += ['--allow', rest]
        elif word == 'exit':
            self.status = int(rest)
        else:
            require(word == 'reversed', f'{self.name}: unknown word {word}')
            self.reversed = True


def edits():
    found = []
    for line in read(os.path.join(FOLDER, 'edits.txt')).decode('ascii').split('\n'):
        word, _, rest = line.partition(' ')
        if word == 'edit':
            found.append(Edit(rest))
        elif line and word != '#':
            found[-1].word(word, rest)
    return found


def words(line):
    return ' '.join(line.split())


def place(lines, below, old, name):
    """Where the old lines of a hunk stand."""
    start = next((i for i, line in enumerate(lines) if below in line), None) if below else 0
    require(start is not None, f'{name}: no line holds "{below}"')
    wanted = [words(line) for line in old]
    found = [i for i in range(start, len(lines)) if [words(line) for line in lines[i:i + len(old)]] == wanted]
    require(found and (below or len(found) == 1), f'{name}: {len(found)} places for {old}')
    return found[0]


def edited(edit):
    lines = read(BASE).decode('ascii').split('\n')
    for below, old, new in edit.hunks:
        if old:
            at = place(lines, below, old, edit.name)
            lines[at:at + len(old)] = new
        else:
            lines += new
    return '\n'.join(lines) + '\n'


def write(path, text):
    with open(path, 'w', encoding='latin-1') as file:
        file.write(text)


def make_pair(folder, edit):
    """OLD and NEW of an edit, as paths."""
    for name in ('golden/convention.def', 'golden/rules.def'):
        os.makedirs(os.path.join(folder, 'golden'), exist_ok=True)
        shutil.copy(os.path.join(HERE, name), os.path.join(folder, name))
    os.mkdir(os.path.join(folder, 'diff'))
    convention = read(os.path.join(HERE, 'golden', 'convention.def')).decode('ascii')
    write(os.path.join(folder, 'diff', 'swapped.def'), convention.replace('rules.def', 'swapped_rules.def'))
    rules = read(os.path.join(HERE, 'golden', 'rules.def')).decode('ascii')
    swapped = re.sub(r'    6 ( +nested .*\n)    7 ( +rep_count .*\n)', r'    6 \2    7 \1', rules)
    require(swapped != rules, 'the rules were not swapped')
    write(os.path.join(folder, 'diff', 'swapped_rules.def'), swapped)
    paths = [os.path.join(folder, 'diff', name) for name in ('base.def', 'edited.def')]
    shutil.copy(BASE, paths[0])
    write(paths[1], edited(edit))
    return paths[::-1] if edit.reversed else paths


def compare(*args, status):
    got, out, err = hvgen('diff', *args)
    require(got == status, f'status {got} instead of {status}\n{err[:2000]}{out[:2000]}')
    return out, err


def require_carets(out):
    """Below each message stands the line it names, and below that the caret in its column."""
    for path, line, column, text, source, caret in re.findall(r'^(\S+?):(\d+):(\d+): (.*)\n(.*)\n(.*)\n', out, re.M):
        expected = read(path).decode('latin-1').split('\n')[int(line) - 1]
        require(source == f'{line:>5} | {expected}', f'another line below {text}: {source}')
        require(caret.index('^') - 8 == int(column) - 1, f'caret misplaced below {text}: {caret}')


def prepared(edit):
    with tempfile.TemporaryDirectory() as folder:
        old, new = make_pair(folder, edit)
        out, err = compare('--json', *edit.waivers, old, new, status=edit.status)
        told = json.loads(out)
        got = [(c['rule'], c['item'], c['wire'], c['source'], c['demands']) for c in told['changes']]
        require(sorted(got) == sorted(edit.changes), f'changes\n  {got}\ninstead of\n  {edit.changes}')
        notes = [(r['item'], r['text']) for r in told['notes']]
        require(sorted(notes) == sorted(edit.notes), f'notes\n  {notes}\ninstead of\n  {edit.notes}')
        allowed = [f'{c["rule"]}@{c["item"]}' for c in told['changes'] if c['allowed']]
        unused = [waiver for waiver in edit.waivers[1::2] if waiver not in allowed]
        require(('nothing is allowed' in err) == bool(unused), err)
        require_both_places(told['changes'])
        text, _ = compare(*edit.waivers, old, new, status=edit.status)
        require_carets(text)
        for rule, item, wire, source, _ in edit.changes:
            require(re.search(rf': {re.escape(item)}: .* \[{rule}: wire {wire}, source {source}\]\n', text),
                    f'{rule} is not in\n{text}')


def require_both_places(changes):
    """Only what is new or gone as a whole stands in one text alone."""
    for change in changes:
        whole = change['rule'] in ('added', 'added-to-output', 'removed', 'name-removed')
        whole &= change['item'].count('.') == 1
        require('new' in change or 'old' in change, f'{change} is nowhere')
        require(whole or ('new' in change and 'old' in change), f'{change} is in one text alone')


def every_rule():
    """Each rule is shown by an edit."""
    table, _ = compare('--rules', status=0)
    rules = {row.split(' | ')[0].lstrip('| ') for row in table.split('\n')[2:] if row}
    shown = {change[0] for edit in edits() for change in edit.changes}
    require(shown == rules, f'not shown: {sorted(rules - shown)}; unknown: {sorted(shown - rules)}')


def both_ways():
    """What breaks nothing forwards cannot be a mere addition backwards, and what is new one way is gone the other."""
    counterparts = {'added': 'removed', 'implemented': 'withdrawn', 'widened': 'narrowed', 'gate-removed': 'gate-added',
                    'check-removed': 'check-added', 'registers-added': 'registers-removed', 'moved': 'moved',
                    'described': 'undescribed', 'arch-widened': 'arch-narrowed', 'renumbered': 'renumbered',
                    'resized': 'resized'}
    for edit in edits():
        with tempfile.TemporaryDirectory() as folder:
            old, new = make_pair(folder, edit)
            ahead, back = (json.loads(hvgen('diff', '--json', *pair)[1]) for pair in ((old, new), (new, old)))
        there = {(change['rule'], change['item'].split('.')[0]) for change in ahead['changes']}
        here = {(change['rule'], change['item'].split('.')[0]) for change in back['changes']}
        require(bool(there) == bool(here), f'{edit.name}: a change in one direction alone')
        for rule, kind in there:
            require(kind == 'type' or rule not in counterparts or (counterparts[rule], kind) in here,
                    f'{edit.name}: {rule} forwards, backwards {sorted(here)}')


RENAMED = (
    ('hypercall sweep = 0x0003 rep {', 'hypercall brush = 0x0003 rep {\n    formerly sweep'),
    ('1      all ', '1      every  formerly all '),
    ('0x0013 no_buffers', '0x0013 out_of_buffers  formerly no_buffers, buffers'),
    ('3      masks\n', '3      sets  formerly masks\n'),
    ('feature.masks', 'feature.sets'),
)
OLD_NAMES = '''
#define HV_STATIC_USE(name, value) typedef char name[(value) ? 1 : -1]
#include "hv_tlfs.h"
HV_STATIC_USE(call, HV_CALL_SWEEP == 0x0003);
HV_STATIC_USE(value, HV_FORMAT_ALL == 1);
HV_STATIC_USE(status, HV_STATUS_NO_BUFFERS == 0x13 && HV_STATUS_BUFFERS == 0x13);
HV_STATIC_USE(bit, HV_FEATURE_MASKS == 8);
HV_STATIC_USE(input, sizeof(struct hv_sweep_in) == 16);
hv_u64 control(void);
hv_u64 control(void) { return hv_control_sweep(1, 0); }
void *function(void);
void *function(void) { return (void *)hv_call_sweep; }
'''


def old_sources():
    """A source that uses former names builds with the new header, and not when they are dropped."""
    with tempfile.TemporaryDirectory() as folder:
        base = read(BASE).decode('ascii').replace('../golden/', f'{HERE}/golden/')
        use = os.path.join(folder, 'use.c')
        write(use, OLD_NAMES)
        for kept in (True, False):
            text = base
            for before, after in RENAMED:
                require(before in text, f'{before} is not in the base')
                text = text.replace(before, after if kept else re.sub(r'\s+formerly \w+(, \w+)*', '', after))
            write(os.path.join(folder, 'new.def'), text)
            generate(folder + '/out', os.path.join(folder, 'new.def'))
            done = subprocess.run(['gcc', '-ffreestanding', f'-I{folder}/out', '-c', use, '-o', f'{folder}/use.o'],
                                  capture_output=True, text=True, check=False)
            require((done.returncode == 0) == kept, f'kept: {kept}\n{done.stderr[:2000]}')
            status = hvgen('diff', BASE, os.path.join(folder, 'new.def'))[0]
            require(status == (1 if kept else 2), f'status {status}')


# ---- versions, waivers, changelog -----------------------------------------------------------------------------------

VERSIONS = (
    # From, to, status with --release of: an addition, a break, words alone, nothing.
    ('0.1.0', '0.1.0', (5, 5, 5, 0)),
    ('0.1.0', '0.1.1', (5, 5, 0, 0)),
    ('0.1.9', '0.2.0', (0, 0, 0, 0)),
    ('0.2.0', '0.1.0', (5, 5, 5, 5)),
    ('0.9.0', '1.0.0', (0, 0, 0, 0)),
    ('1.0.0', '1.0.1', (5, 5, 0, 0)),
    ('1.0.0', '1.1.0', (0, 5, 0, 0)),
    ('1.9.9', '2.0.0', (0, 0, 0, 0)),
    ('2.0.0', '1.9.9', (5, 5, 5, 5)),
)
KINDS = {
    'addition': ('in 0x10..0xff', 'in 0..0xff'),
    'break': ('in 0x10..0xff', 'in 0x20..0xff'),
    'words': ('Fast: sixteen', 'Fast: 16'),
    'nothing': ('', ''),
}


def release(first, second, statuses):
    base = read(BASE).decode('ascii').replace('../golden/', f'{HERE}/golden/')
    with tempfile.TemporaryDirectory() as folder:
        old, new = (os.path.join(folder, name) for name in ('old.def', 'new.def'))
        write(old, base.replace('0.1.0', first))
        for (kind, (before, after)), status in zip(KINDS.items(), statuses):
            write(new, base.replace('0.1.0', second).replace(before, after, 1))
            out, _ = compare('--release', old, new, status=status)
            word = 'too small' if status else 'enough'
            same = kind == 'nothing' and first == second
            require(same and not out or out.endswith(f'version goes {first} -> {second}: {word}\n'), out)


def with_pair(before, after):
    """The base, and it with one text put in place of another."""
    folder = tempfile.mkdtemp()
    base = read(BASE).decode('ascii').replace('../golden/', f'{HERE}/golden/')
    paths = [os.path.join(folder, name) for name in ('old.def', 'new.def')]
    write(paths[0], base)
    write(paths[1], base.replace(before, after, 1))
    return folder, *paths


def waiver_file():
    folder, old, new = with_pair('in 0x10..0xff', 'in 0x20..0xff')
    try:
        path = os.path.join(folder, 'waivers')
        write(path, '# Breaks that were decided.\n\n  narrowed@hypercall.quick.in.number  # nobody used it\n')
        out, err = compare('--allow-file', path, old, new, status=0)
        require('allowed: hypercall.quick.in.number' in out and '1 allowed' in out and not err, out + err)
        write(path, 'narrower@hypercall.quick.in.number\n')
        _, err = compare('--allow-file', path, old, new, status=4)
        require("unknown rule 'narrower'" in err, err)
    finally:
        shutil.rmtree(folder)


def changelog():
    folder, old, new = with_pair('in 0x10..0xff', 'in 0x20..0xff')
    try:
        out, _ = compare('--changelog', old, new, status=2)
        require(out == '## 0.1.0 (after 0.1.0)\n\n### Breaking\n\n- `hypercall.quick.in.number`: 0x10..0xff became '
                '0x20..0xff (narrowed; running guests alone)\n', out)
        out, _ = compare('--changelog', old, old, status=0)
        require(out == '## 0.1.0 (after 0.1.0)\n\nNothing has changed.\n', out)
    finally:
        shutil.rmtree(folder)


def first_changelog():
    require(compare('--changelog', BASE, status=0) == ('## 0.1.0\n\nThe first version.\n', ''), 'another first section')
    _, err = compare('--changelog', '/nowhere/x.def', status=4)
    require("cannot read '/nowhere/x.def'" in err, err)


def flat():
    """One file that says the same: not even a word differs, wherever its includes stood."""
    for path in (SPEC, os.path.join(HERE, 'golden', 'outputs', 'spec.def')):
        with tempfile.TemporaryDirectory() as folder:
            status, out, err = hvgen('flat', path)
            require(status == 0 and not err and not re.search('^include', out, re.M), err)
            whole = os.path.join(folder, 'whole.def')
            write(whole, out)
            require(compare(path, whole, status=0) == ('', ''), 'the flat text differs')
            require(hvgen('flat', whole) == (0, out, ''), 'flattened twice it differs')


def flat_command_line(arguments, status, text):
    got, out, err = hvgen('flat', *arguments)
    require(got == status and text in err and not out, f'status {got}\n{err}')


# ---- the real specification -----------------------------------------------------------------------------------------

def same():
    for path in (SPEC, BASE):
        require(compare(path, path, status=0) == ('', ''), 'a specification differs from itself')
        told = json.loads(compare('--json', path, path, status=0)[0])
        require((told['changes'], told['notes'], told['verdict']) == ([], [], 'none'), told)


def from_nothing():
    """All of the interface is new to a specification that has none of it, and gone the other way."""
    empty = os.path.join(HERE, 'golden', 'empty', 'spec.def')
    told = json.loads(compare('--json', empty, SPEC, status=1)[0])
    added = sum(change['rule'] == 'added' for change in told['changes'])
    require(added > 500, f'{added} additions')
    told = json.loads(compare('--json', SPEC, empty, status=2)[0])
    removed = sum(change['rule'] in ('removed', 'name-removed') for change in told['changes'])
    require(removed > 500, f'{removed} removals')


MUTATIONS = (
    (rb'0x([0-9a-f]+)', lambda m, chance: b'0x%x' % chance.randrange(1 << (4 * len(m[1])))),
    (rb'\bmbz\b', lambda m, chance: b'pad'),
    (rb'\bpad\b', lambda m, chance: b'mbz'),
    (rb'\bu32\b', lambda m, chance: chance.choice((b'u16', b'u64'))),
    (rb'\bunimplemented "[^"]*"', lambda m, chance: b''),
    (rb'\b([a-z]+_[a-z_]+)\b', lambda m, chance: m[1] + b'_again'),
    (rb'\bin \d+\.\.(\d+)', lambda m, chance: b'in 0..%d' % chance.randrange(1, 300)),
    (rb'///[^\n]*', lambda m, chance: b'/// Something else.'),
    (rb'\bopen\b', lambda m, chance: b''),
)


def mutated(text, chance):
    """One thing of one kind changed, if there is any."""
    pattern, change = chance.choice(MUTATIONS)
    found = list(re.finditer(pattern, text))
    if not found:
        return text
    match = chance.choice(found)
    return text[:match.start()] + change(match, chance) + text[match.end():]


def mutations(seed, count=40):
    """The real specification against itself with a few things changed: a verdict, or mistakes that are reported."""
    chance = random.Random(seed)
    folder = os.path.dirname(SPEC)
    sources = {name: read(os.path.join(folder, name)) for name in sorted(os.listdir(folder)) if name.endswith('.def')}
    compared = 0
    for _ in range(count):
        with tempfile.TemporaryDirectory() as other:
            for name, text in sources.items():
                write(os.path.join(other, name), text.decode('latin-1'))
            for name in chance.sample(sorted(sources), chance.randrange(1, 3)):
                write(os.path.join(other, name), mutated(sources[name], chance).decode('latin-1'))
            status, out, err = hvgen('diff', SPEC, os.path.join(other, 'hypercalls.def'))
            require(status in (0, 1, 2, 3), f'status {status}\n{err[:2000]}')
            require(bool(err) == (status == 3), err[:2000])
            require_carets(out)
            compared += status in (1, 2)
    require(compared > count // 10, f'only {compared} of {count} could be compared')


# ---- the command line -----------------------------------------------------------------------------------------------

COMMANDS = (
    ('no files', [], 4, 'diff: two files are needed'),
    ('one file', [BASE], 4, 'diff: two files are needed'),
    ('three files', [BASE, BASE, BASE], 4, 'diff: more than two files: third is'),
    ('an unknown option', ['--frob', BASE, BASE], 4, "diff: unknown option '--frob'"),
    ('a bare --allow', [BASE, BASE, '--allow'], 4, "diff: nothing behind '--allow'"),
    ('a waiver without a rule', ['--allow', 'hypercall.quick', BASE, BASE], 4, 'a waiver is RULE@ITEM'),
    ('a waiver without an item', ['--allow', 'narrowed@', BASE, BASE], 4, 'a waiver is RULE@ITEM'),
    ('a waiver of an unknown rule', ['--allow', 'frob@x', BASE, BASE], 4, "unknown rule 'frob'"),
    ('a missing file of waivers', ['--allow-file', '/nowhere/x', BASE, BASE], 4, 'cannot read the file of waivers'),
    ('a folder of waivers', ['--allow-file', HERE, BASE, BASE], 4, 'cannot read the file of waivers'),
    ('a missing file', [BASE, '/nowhere/x.def'], 4, "cannot read '/nowhere/x.def'"),
    ('a file with mistakes', [BASE, os.path.join(HERE, 'errors', 'ten_mistakes.def')], 3, '\n10 errors\n'),
)
FLAT_COMMANDS = (
    ('no file', [], 2, 'flat: no file given'),
    ('two files', [BASE, BASE], 2, 'flat: more than one file'),
    ('an unknown option', ['--frob'], 2, "flat: unknown option '--frob'"),
    ('a missing file', ['/nowhere/x.def'], 2, "cannot read '/nowhere/x.def'"),
    ('a file with mistakes', [os.path.join(HERE, 'errors', 'ten_mistakes.def')], 1, '\n10 errors\n'),
)


def command_line(arguments, status, text):
    out, err = compare(*arguments, status=status)
    require(text in err and not out, f'"{text}" is not in\n{err}')


def cases(update):
    del update
    for edit in edits():
        yield f'diff, {edit.name}', prepared, (edit,)
    yield 'diff, every rule is shown', every_rule, ()
    yield 'diff, both ways', both_ways, ()
    yield 'diff, former names in sources', old_sources, ()
    for first, second, statuses in VERSIONS:
        yield f'diff, release {second} after {first}', release, (first, second, statuses)
    yield 'diff, waivers in a file', waiver_file, ()
    yield 'diff, changelog', changelog, ()
    yield 'diff, the first changelog', first_changelog, ()
    yield 'flat, the same as its parts', flat, ()
    for name, arguments, status, text in FLAT_COMMANDS:
        yield f'flat, command line, {name}', flat_command_line, (arguments, status, text)
    yield 'diff, a specification and itself', same, ()
    yield 'diff, everything and nothing', from_nothing, ()
    for seed in range(2):
        yield f'diff, mutated specs, seed {seed}', mutations, (seed,)
    for name, arguments, status, text in COMMANDS:
        yield f'diff, command line, {name}', command_line, (arguments, status, text)
