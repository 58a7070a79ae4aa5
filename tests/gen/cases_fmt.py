# SPDX-License-Identifier: BSD-2-Clause OR MIT
"""
Tests of `hvgen fmt`: one canonical form whatever a source looked like, the same words and the same meaning, and files
that are left alone where they should be. fmt/ holds a source and its canonical form.
"""

import json
import os
import random
import re
import stat
import subprocess
import tempfile

from common import HERE, HVGEN, SPEC, TOP, Skipped, hvgen, read, require

SPEC_FOLDER = os.path.dirname(SPEC)
MESSY = os.path.join(HERE, 'fmt', 'messy.def')
CANONICAL = os.path.join(HERE, 'fmt', 'canonical.def')


def spec_files():
    return [os.path.join(SPEC_FOLDER, name) for name in sorted(os.listdir(SPEC_FOLDER)) if name.endswith('.def')]


def other_files():
    return sorted(os.path.join(root, name) for part in ('golden', 'json', 'errors')
                  for root, _, names in os.walk(os.path.join(HERE, part)) for name in names if name.endswith('.def'))


def fmt(text):
    """Status, canonical form and messages for a text on standard input."""
    done = subprocess.run([HVGEN, 'fmt', '-'], input=text, capture_output=True, timeout=60, check=False)
    err = done.stderr.decode('latin-1')
    require('Sanitizer' not in err and 'runtime error' not in err and done.returncode >= 0, err[:2000])
    return done.returncode, done.stdout, err


def canonical(text):
    status, out, err = fmt(text)
    require((status, err) == (0, ''), f'status {status}\n{err[:2000]}')
    return out


def require_equal(got, wanted):
    for number, (new, old) in enumerate(zip(got.split(b'\n'), wanted.split(b'\n')), 1):
        require(new == old, f'line {number}\n- {old.decode("latin-1")}\n+ {new.decode("latin-1")}')
    require(got == wanted, 'another length')


# ---- the form -------------------------------------------------------------------------------------------------------

def golden(update):
    out = canonical(read(MESSY))
    if update:
        with open(CANONICAL, 'wb') as file:
            file.write(out)
    require_equal(out, read(CANONICAL))


def spec_is_formatted():
    status, out, err = hvgen('fmt', '--check', *spec_files())
    require((status, out, err) == (0, '', ''), f'not in canonical form; use hvgen fmt:\n{out}{err}')


def idempotent(path):
    """What is written once would be written again; a source with errors gives nothing."""
    text = read(path)
    status, out, err = fmt(text)
    if status:
        require(status == 1 and not out and ': error: ' in err, f'status {status}\n{err[:2000]}')
    else:
        require_equal(canonical(out), out)
        require(words(out) == words(text), 'other words')


def words(text):
    """The words of a text in order, by a second way of reading it; comments and documentation word by word."""
    text = text.replace(b'\r', b'')
    text = re.sub(rb'(?m)(?<!/)///(?!/) ?', b' /// ', text)
    return re.findall(rb'"[^"\n]*"|0x[0-9a-fA-F_]+|\w+|\.\.|//+|[^\w\s]', text)


def clean_lines(path):
    """No blanks at the end of a line, no tabs, no two empty lines, 120 columns but for what has no place to break."""
    out = canonical(read(path))
    require(not re.search(rb'[ \t]\n|\t|\n\n\n|\{\n\n|\n\n *\}|\A\n|\n\n\Z', out) and out.endswith(b'\n'), 'untidy')
    for line in out.split(b'\n'):
        breakable = re.search(rb'\S.*\S {2,}(///|@|[a-z])', line) and not re.search(rb'[^/]// |^ *//', line)
        require(len(line) <= 120 or not breakable, line.decode('latin-1'))


# ---- one form whatever it looked like -------------------------------------------------------------------------------

TOKEN = re.compile(rb'///[^\n]*|//[^\n]*|"[^"\n]*"|@\w+|0x[0-9a-fA-F_]+|\w+|\.\.|[^\w\s]')


def respaced(text, chance):
    """Other blanks between the words of each line, and behind them."""
    lines = []
    for line in text.split(b'\n'):
        out = line[:len(line) - len(line.lstrip(b' '))]
        found = TOKEN.findall(line)
        for left, right in zip(found, found[1:]):
            # Words would become one, and so would dots and slashes.
            apart = re.fullmatch(rb'\w\w|\.\.|//', left[-1:] + right[:1])
            out += left + b' ' * (bool(apart) + chance.choice((0, 0, 1, 3)))
        lines.append(out + b''.join(found[-1:]) + chance.choice((b'', b' ', b'\t', b'\r')))
    return b'\n'.join(lines)


def deeper(text):
    """Each step twice as deep, in the first column nothing else."""
    return re.sub(rb'(?m)^ +', lambda m: m[0] * 2, text)


def many_empty_lines(text):
    return b'\n\n' + text.replace(b'\n\n', b'\n\n\t\n  \n\n') + b'\n\n\n'


def joined(text):
    """Two rows on one line where no note, comment or empty line is in the way."""
    return re.sub(rb'(?m)^( +)([0-9][^/@\n]*)\n\1(?=[0-9].*\n\1[0-9])', rb'\1\2 ', text)


def split(text):
    """A line end between any two words of a body, but in front of notes."""
    def line(match):
        if b'"' in match[0] or b'@' in match[0] or b'//' in match[0] or b'seen' in match[0]:
            return match[0]
        return re.sub(rb'(?<=\w) +(?=[^\s{])', b'\n' + match[1] + b'  ', match[0])
    return re.sub(rb'(?m)^( +)[0-9].*$', line, text)


def one_form(path, change):
    wanted = canonical(read(path))
    text = change(wanted)
    require(text != wanted, 'nothing was changed')
    require_equal(canonical(text), wanted)


def one_form_by_chance(seed):
    chance = random.Random(seed)
    for path in chance.sample(spec_files(), 12) + [CANONICAL]:
        wanted = canonical(read(path))
        text = respaced(wanted, chance)
        require(text != wanted, 'nothing was changed')
        require_equal(canonical(text), wanted)


def same_model():
    """The specification means the same after its files have been formatted, however they looked before."""
    def model(folder):
        status, out, err = hvgen('json', 'hypercalls.def', cwd=folder)
        require(status == 0, err)
        document = json.loads(out)
        del document['sha256']
        return document

    with tempfile.TemporaryDirectory() as folder:
        for path in spec_files():
            with open(os.path.join(folder, os.path.basename(path)), 'wb') as file:
                file.write(deeper(joined(read(path))))
        before = model(folder)
        require(before == model(SPEC_FOLDER), 'the layout has changed the meaning')
        names = [os.path.join(folder, os.path.basename(path)) for path in spec_files()]
        status, _, err = hvgen('fmt', *names)
        require((status, err) == (0, ''), err)
        require(before == model(folder), 'fmt has changed the meaning')
        for path, name in zip(spec_files(), names):
            require_equal(read(name), canonical(read(path)))


def mutated(seed, count=60):
    """With bytes, words or lines changed a source is refused, or has one form."""
    chance = random.Random(seed)
    sources = [read(path) for path in spec_files()] + [read(MESSY)]
    vocabulary = sorted({word for text in sources for word in TOKEN.findall(text)})
    accepted = 0
    for _ in range(count):
        pieces = re.findall(rb'\w+|\s+|[^\w\s]', chance.choice(sources))
        for _ in range(chance.randrange(1, 4)):
            at = chance.randrange(len(pieces))
            pieces[at:at + chance.choice((0, 1, 1, 8))] = chance.choice((
                [], [b' ' + chance.choice(vocabulary) + b'\n'], [bytes([chance.randrange(256)])],
                [b' // a comment\n'], [b'\n\n\n'], [b'\n        '], [b' ']))
        text = b''.join(pieces)
        status, out, err = fmt(text)
        require(status in (0, 1) and bool(err) == bool(status), f'status {status}\n{err[:2000]}')
        if status == 0:
            accepted += 1
            require_equal(canonical(out), out)
            require(words(out) == words(text), 'other words')
    require(accepted > count // 12, f'only {accepted} of {count} could be read')


# ---- files ----------------------------------------------------------------------------------------------------------

BROKEN = b'type a = u32\n\nhypercall x = {\n}\n'


def in_folder(test):
    """Run a test in a folder with a messy, a canonical and a broken source."""
    def run():
        with tempfile.TemporaryDirectory() as folder:
            for name, text in (('messy', read(MESSY)), ('good', read(CANONICAL)), ('broken', BROKEN)):
                with open(os.path.join(folder, f'{name}.def'), 'wb') as file:
                    file.write(text)
                os.utime(os.path.join(folder, f'{name}.def'), ns=(10**9, 10**9))
            test(folder)
    run.__doc__ = test.__doc__
    return run


def content(folder, name):
    path = os.path.join(folder, f'{name}.def')
    return read(path), os.stat(path).st_mtime_ns != 10**9


@in_folder
def in_place(folder):
    status, out, err = hvgen('fmt', 'messy.def', 'good.def', cwd=folder)
    require((status, out, err) == (0, '', ''), f'{status} {out} {err}')
    require(content(folder, 'messy') == (read(CANONICAL), True), 'messy.def is not formatted')
    require(content(folder, 'good') == (read(CANONICAL), False), 'good.def was written')
    require(sorted(os.listdir(folder)) == ['broken.def', 'good.def', 'messy.def'], 'files are left behind')


@in_folder
def check_only(folder):
    status, out, err = hvgen('fmt', '--check', 'good.def', 'messy.def', cwd=folder)
    require((status, out, err) == (1, 'messy.def\n', ''), f'{status} {out} {err}')
    require(content(folder, 'messy') == (read(MESSY), False), 'messy.def was written')
    require(hvgen('fmt', 'good.def', '--check', cwd=folder) == (0, '', ''), 'good.def')


@in_folder
def refuses_broken(folder):
    """A file that cannot be read stays as it is; the others are formatted."""
    status, out, err = hvgen('fmt', 'broken.def', 'messy.def', cwd=folder)
    require(status == 1 and not out, f'status {status}')
    require(err == "broken.def:3:15: error: unexpected '{', expected a number\n    3 | hypercall x = {\n"
            '      |               ^\n1 error\n', err)
    require(content(folder, 'broken') == (BROKEN, False), 'broken.def was written')
    require(content(folder, 'messy')[0] == read(CANONICAL), 'messy.def was not')


@in_folder
def keeps_mode_and_link(folder):
    messy, link = os.path.join(folder, 'messy.def'), os.path.join(folder, 'link.def')
    os.chmod(messy, 0o640)
    os.symlink('messy.def', link)
    require(hvgen('fmt', 'link.def', cwd=folder) == (0, '', ''), 'fmt of a link')
    require(os.path.islink(link) and read(messy) == read(CANONICAL), 'the link is none any more')
    require(stat.S_IMODE(os.stat(messy).st_mode) == 0o640, oct(os.stat(messy).st_mode))


def reads_alone():
    """Neither includes nor what is declared elsewhere matter."""
    text = b'include "nowhere.def"\nenum there : u32 continued {\n    7      x : nothing\n}\n'
    require_equal(canonical(text), text)


STREAMS = (
    ('nothing', b'', b''),
    ('empty lines', b'\n\n  \n', b''),
    ('a comment without line end', b'//x', b'//x\n'),
    ('carriage returns', b'type a = u32\r\n\r\n// x\r\n', b'type a = u32\n\n// x\n'),
    ('any bytes in comments', b'// \xff\0\xc3\xa9\n', b'// \xff\0\xc3\xa9\n'),
    ('words where they could be rules', b'struct s size 8 {\n0 u32 in 4 u32 mbz\n}',
     b'struct s size 8 {\n    0      u32  in\n    4      u32  mbz\n}\n'),
)


def stream(text, wanted):
    require_equal(canonical(text), wanted)


def check_of_stream():
    done = subprocess.run([HVGEN, 'fmt', '--check', '-'], input=read(MESSY), capture_output=True, timeout=60, check=False)
    require((done.returncode, done.stdout, done.stderr) == (1, b'-\n', b''), f'{done}')


def full_disc():
    if not os.path.exists('/dev/full'):
        raise Skipped('no /dev/full')
    with open('/dev/full', 'wb') as full:
        done = subprocess.run([HVGEN, 'fmt', '-'], input=read(MESSY), stdout=full, stderr=subprocess.PIPE, timeout=60,
                              check=False)
    require(done.returncode == 1 and b'cannot write the text: No space left' in done.stderr, f'{done}')


COMMANDS = (
    ('without a file', ['fmt'], 2, 'fmt: no file given'),
    ('without a file to check', ['fmt', '--check'], 2, 'fmt: no file given'),
    ('with an unknown option', ['fmt', '-w', SPEC], 2, "fmt: unknown option '-w'"),
    ('of a missing file', ['fmt', '/nowhere/x.def'], 2, "cannot read '/nowhere/x.def': No such file"),
    ('of a folder', ['fmt', TOP], 2, 'Is a directory'),
)


def refuses(arguments, status, text):
    got, out, err = hvgen(*arguments)
    require((got, out) == (status, '') and text in err, f'status {got}\n{err}')


def cases(update):
    yield 'fmt, golden', golden, (update,)
    yield 'fmt, the specification is formatted', spec_is_formatted, ()
    for path in spec_files() + other_files():
        yield f'fmt twice, {os.path.relpath(path, TOP)}', idempotent, (path,)
    for path in spec_files() + [MESSY]:
        yield f'fmt, tidy lines, {os.path.relpath(path, TOP)}', clean_lines, (path,)
    for name, change in (('depths', deeper), ('empty lines', many_empty_lines), ('joined lines', joined),
                         ('split lines', split)):
        for path in (CANONICAL, SPEC_FOLDER + '/msrs.def', SPEC_FOLDER + '/calls_mmu.def', SPEC_FOLDER + '/pages.def'):
            yield f'fmt, other {name}, {os.path.basename(path)}', one_form, (path, change)
    for seed in range(3):
        yield f'fmt, other blanks, seed {seed}', one_form_by_chance, (seed,)
    yield 'fmt, the same model', same_model, ()
    for seed in range(3):
        yield f'fmt, mutated sources, seed {seed}', mutated, (seed,)
    yield 'fmt in place', in_place, ()
    yield 'fmt --check', check_only, ()
    yield 'fmt of a broken source', refuses_broken, ()
    yield 'fmt of a link', keeps_mode_and_link, ()
    yield 'fmt of a file alone', reads_alone, ()
    for name, text, wanted in STREAMS:
        yield f'fmt of {name}', stream, (text, wanted)
    yield 'fmt --check of a stream', check_of_stream, ()
    yield 'fmt to a full disc', full_disc, ()
    for name, arguments, status, text in COMMANDS:
        yield f'fmt {name}', refuses, (arguments, status, text)
