# SPDX-License-Identifier: BSD-2-Clause OR MIT
"""The manual of the language, the manual page and the editors' files: what they say is what hvgen takes."""

import json
import os
import re
import shutil
import subprocess
import tempfile

from common import TOP, Skipped, hvgen, read, require

MANUAL = os.path.join(TOP, 'gen', 'LANGUAGE.md')
PAGE = os.path.join(TOP, 'doc', 'hvgen.1')
EDITOR = os.path.join(TOP, 'doc', 'editor')

# Words that are keywords to those who write, though they are names to the grammar.
WORDS = set('simple rep unknown counted fast xmm varhead open shared continued partition vp ro wo rw'.split())
WORDS |= set('guest parent root vtl x64 arm64 kvm xen openvmm'.split())
TYPES = set('u8 u16 u32 u64 i64 u128'.split())


def text_of(path):
    return read(path).decode('ascii')


def keywords():
    found = set(re.findall(r'^\t"([a-z_]+)" +\{ TOKEN\(\w+\); \}$', text_of(os.path.join(TOP, 'gen', 'lex.re')), re.M))
    require(len(found) > 45, f'only {len(found)} keywords in the lexer')
    return found


def declarations():
    """Those that open a declaration, by the function that tells the parser."""
    body = text_of(os.path.join(TOP, 'gen', 'lex.re')).split('bool lex_opens_declaration')[1]
    return {name.lower() for name in re.findall(r'case TOKEN_(\w+):', body)}


# ---- the manual -----------------------------------------------------------------------------------------------------

def examples():
    found = re.findall(r'^```hvdef\n(.*?)^```$', text_of(MANUAL), re.M | re.S)
    require(len(found) >= 5, 'no examples')
    require(text_of(MANUAL).count('\n```') == 2 * len(found), 'an example that is not fenced as hvdef')
    return found


def bare(text):
    """Without strings, comments and documentation."""
    return re.sub(r'//.*|"[^"\n]*"', '', text)


def grammar_option():
    status, out, err = hvgen('--grammar')
    require((status, err) == (0, '') and out == text_of(MANUAL), f'--grammar is not the manual\n{err}')


def check_text(text):
    with tempfile.TemporaryDirectory() as folder:
        for name in re.findall(r'^include "(\S+)"', text, re.M):
            open(os.path.join(folder, name), 'wb').close()
        with open(os.path.join(folder, 'manual.def'), 'w', encoding='ascii') as file:
            file.write(text)
        return hvgen('check', 'manual.def', cwd=folder)


def examples_hold():
    """The examples, one after the other, are a specification; none of them stands outside of it."""
    status, _, err = check_text('\n'.join(examples()))
    require((status, err) == (0, ''), err)
    for number in range(len(examples())):
        broken = examples()
        broken[number] = broken[number].replace('{', '{ {', 1).replace('remark "', 'remark ', 1)
        require(check_text('\n'.join(broken))[0] == 1, f'example {number} is not looked at')


def example_of_each_word():
    used = set(re.findall(r'\w+', bare('\n'.join(examples()))))
    require(not keywords() - used, f'no example of {sorted(keywords() - used)}')
    told = set(re.findall(r'\w+', text_of(MANUAL)))
    require(not (WORDS | TYPES) - told, f'not in the manual: {sorted((WORDS | TYPES) - told)}')


def words_are_words():
    """Each of the words that are no keywords of the lexer is known to what builds or checks the model."""
    source = ''.join(text_of(os.path.join(TOP, 'gen', name)) for name in ('build.c', 'model.c'))
    missing = {word for word in WORDS | TYPES if f'"{word}"' not in source}
    require(not missing, f'hvgen does not know {sorted(missing)}')


# ---- the manual page ------------------------------------------------------------------------------------------------

def page_words():
    """The words of the page, its macros taken away."""
    text = re.sub(r'^\.\\".*$', '', text_of(PAGE), flags=re.M)
    return re.sub(r'\bF[lo] (-?)(\w)', r'-\1\2', re.sub(r', (-?\w+)', r', Fl \1', text).replace('\\&', ''))


def page_names_everything():
    _, out, _ = hvgen('--help')
    commands = re.findall(r'^(?:usage:| {6}) hvgen ([a-z]+)', out, re.M)
    require(len(commands) > 6, f'commands: {commands}')
    for command in commands:
        require(re.search(rf'^\.It Cm {command}\b', text_of(PAGE), re.M), f'{command} is not in the manual page')
        require(re.search(rf'^\.Cm {command}$', text_of(PAGE), re.M), f'{command} is not in its synopsis')
    for option in sorted(set(re.findall(r'(?<![\w-])--?[a-zA-Z][\w-]*', out))):
        require(re.search(rf'(?<![\w-]){option}(?![\w-])', page_words()), f'{option} is not in the manual page')
    for kind in re.findall(r'\{ "(\w+)", \w+ \}', text_of(os.path.join(TOP, 'gen', 'cmd_decode.c'))):
        require(re.search(rf'^\.It Cm {kind}\b', text_of(PAGE), re.M), f'decode {kind} is not in the manual page')


def page_is_clean():
    if not shutil.which('mandoc'):
        raise Skipped('no mandoc')
    done = subprocess.run(['mandoc', '-Tlint', '-Wstyle', PAGE], capture_output=True, text=True, check=False)
    require((done.returncode, done.stdout) == (0, ''), done.stdout)


def page_examples():
    """What the page shows for explain and decode works."""
    text = text_of(PAGE)
    shown = re.search(r'^\.Bd -literal.*?\n(.*?)^\.Ed$', text, re.M | re.S)[1]
    names = [*shown.split(), *re.findall(r'^\.Dl \$ hvgen explain (\S+)$', text, re.M)]
    require(len(names) > 15, names)
    for name in names:
        status, _, err = hvgen('explain', name)
        require(status == 0, f'{name}: {err}')
    for words in re.findall(r'^\.Dl \$ hvgen decode (control .*)$', text, re.M):
        require(hvgen('decode', *words.split())[0] == 0, words)


# ---- editors --------------------------------------------------------------------------------------------------------

def require_words(name, found, wanted):
    missing, surplus = sorted(wanted - found), sorted(found - wanted)
    require(not missing and not surplus, f'{name}: without {missing}, with {surplus}')


def vim_words():
    text = text_of(os.path.join(EDITOR, 'vim', 'syntax', 'hvdef.vim'))
    opening = re.findall(r'^syntax match hvdefDeclaration /\^\\%\(([^/]*)\\\)\\>/$', text, re.M)
    require_words('vim, declarations', set('\\|'.join(opening).split('\\|')), declarations())
    others = ' '.join(re.findall(r'^syntax keyword hvdef\w+ (.*)$', text, re.M)).split()
    require_words('vim', set(others), (keywords() - declarations()) | WORDS | TYPES)
    require(len(others) == len(set(others)), 'vim: a word in two groups')


def textmate_words():
    grammar = json.loads(text_of(os.path.join(EDITOR, 'hvdef.tmLanguage.json')))
    lists = {p['name']: set(p['match'].strip('^').replace('\\b', '').strip('()').split('|'))
             for p in grammar['patterns'] if '|' in p['match'] and '[' not in p['match']}
    require_words('declarations', lists.pop('keyword.declaration.hvdef'), declarations())
    require_words('others', set().union(*lists.values()), (keywords() - declarations()) | WORDS | TYPES)


def textmate_on_examples():
    """Every example comes apart into strings, comments, numbers and words, as an editor would colour it."""
    grammar = json.loads(text_of(os.path.join(EDITOR, 'hvdef.tmLanguage.json')))
    patterns = [(p['name'], re.compile(p['match'], re.M)) for p in grammar['patterns']]
    seen = set()
    for text in examples():
        for line in text.split('\n'):
            at = 0
            while at < len(line):
                hits = [(name, m) for name, p in patterns for m in [p.match(line, at)] if m]
                seen |= {name for name, _ in hits[:1]}
                at = hits[0][1].end() if hits else at + 1
    require(seen == {name for name, _ in patterns}, f'never used: {sorted({name for name, _ in patterns} - seen)}')


VIM_LINES = (
    ('hypercall ask = 0x0004 rep {', {1: 'hvdefDeclaration', 17: 'hvdefNumber', 24: 'hvdefWord'}),
    ('    ref    "HvCallAsk"  // why', {5: 'hvdefClause', 13: 'hvdefString', 26: 'hvdefComment'}),
    ('        0    u64  a  nonzero  /// It is.', {9: 'hvdefNumber', 14: 'hvdefType', 22: 'hvdefRule', 32: 'hvdefDoc'}),
    ('    @ours  "so"', {5: 'hvdefMark'}),
    ('        0    hypercall  msr', {14: '', 25: ''}),
)


def vim_colours():
    if not shutil.which('vim'):
        raise Skipped('no vim')
    with tempfile.TemporaryDirectory() as folder:
        spec, out = os.path.join(folder, 'x.def'), os.path.join(folder, 'out')
        with open(spec, 'w', encoding='ascii') as file:
            file.write('// A comment.\n\n' + '\n'.join(line for line, _ in VIM_LINES) + '\n')
        places = [(row, column, group)
                  for row, (_, groups) in enumerate(VIM_LINES, 3) for column, group in groups.items()]
        names = ', '.join(f'synIDattr(synID({row}, {column}, 1), "name")' for row, column, _ in places)
        words = ['--cmd', f'set rtp^={EDITOR}/vim', '-c', 'filetype on | syntax on', '-c', 'edit', '-c',
                 f'call writefile([&filetype, has("syntax"), {names}], "{out}")', '-c', 'qa!']
        subprocess.run(['vim', '-e', '-s', '-N', '-u', 'NONE', '-i', 'NONE', spec, *words], check=False,
                       stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
        told = text_of(out).split('\n')[:-1] if os.path.exists(out) else []
    if told[1:2] == ['0']:
        raise Skipped('a vim without syntax')
    require(told == ['hvdef', '1', *(group for _, _, group in places)], f'vim tells {told}')


def cases(update):
    del update
    yield 'grammar, --grammar prints the manual', grammar_option, ()
    yield 'grammar, the examples of the manual hold', examples_hold, ()
    yield 'grammar, an example of each word', example_of_each_word, ()
    yield 'grammar, the words of the manual are words', words_are_words, ()
    yield 'manual page, every command and option', page_names_everything, ()
    yield 'manual page, mandoc finds nothing', page_is_clean, ()
    yield 'manual page, its examples work', page_examples, ()
    yield 'editor, words of vim', vim_words, ()
    yield 'editor, colours of vim', vim_colours, ()
    yield 'editor, words of the TextMate grammar', textmate_words, ()
    yield 'editor, the TextMate grammar on the manual', textmate_on_examples, ()
