# SPDX-License-Identifier: BSD-2-Clause OR MIT
"""rust/: builds with Debian's own cargo without a network, and agrees with C."""

import functools
import glob
import os
import re
import tempfile

import layout
from common import OUT, TOP, WORK, Skip, must, read, require, write

CARGO, RUSTC = '/usr/bin/cargo', '/usr/bin/rustc'   # not one that a user has installed beside them
CRATE = os.path.join(OUT, 'rust')
USER = os.path.join(WORK, 'rust')
ENVIRONMENT = {'PATH': '/usr/bin:/bin', 'CARGO_HOME': os.path.join(WORK, 'cargo-home'), 'RUSTFLAGS': '-D warnings',
               'CARGO_TARGET_DIR': os.path.join(WORK, 'cargo-target')}


def cargo(*words, cwd):
    if not os.path.exists(CARGO):
        raise Skip('cargo is not installed')
    return must([CARGO, *words, '--offline', '--quiet'], limit=300, cwd=cwd, env=ENVIRONMENT)


def builds():
    """The examples of its documentation are true, too."""
    cargo('test', cwd=CRATE)
    os.remove(os.path.join(CRATE, 'Cargo.lock'))


def is_safe():
    text = ''.join(read(path) for path in glob.glob(os.path.join(CRATE, 'src', '*.rs')))
    require('#![no_std]' in text and '#![forbid(unsafe_code)]' in text, 'an attribute of the crate is gone')
    require('[dependencies]' not in read(os.path.join(CRATE, 'Cargo.toml')), 'depends on something')


def any_spec_builds():
    """Whatever a good specification holds or lacks, its crate has no warning."""
    if not os.path.exists(RUSTC):
        raise Skip('rustc is not installed')
    for spec in sorted(glob.glob(os.path.join(TOP, 'tests/gen/golden/*/spec.def'))):
        with tempfile.TemporaryDirectory() as folder:
            must([os.path.join(TOP, 'build/hvgen'), 'gen', '-o', folder, '--only', 'rust', spec])
            must([RUSTC, '--edition', '2021', '--crate-type', 'lib', '--emit', 'metadata', '-D', 'warnings',
                  '-o', os.path.join(folder, 'out'), os.path.join(folder, 'rust/src/lib.rs')])


# ---- agreement with C -----------------------------------------------------------------------------------------------

@functools.lru_cache(maxsize=None)
def sources():
    """{module: its text without documentation}."""
    return {name: re.sub(r'^ *///?.*\n', '', read(os.path.join(CRATE, 'src', f'{name}.rs')), flags=re.M)
            for name in ('call', 'cpuid', 'msr', 'offer', 'status', 'types')}


def blocks(macro):
    """(module, type, text between the braces) for each use of a macro."""
    pattern = rf'\b{macro}! {{\n    (\w+)[^\n]*{{\n(.*?)^}}'
    return [(module, *found) for module, text in sources().items()
            for found in re.findall(pattern, text, re.M | re.S)]


def structure_lines():
    """Statements that show the layout of every structure."""
    names = {layout.camel(name): (name, fields) for name, fields in layout.structures().items()}
    for module, kind, body in blocks('structure'):
        require(kind in names, f'C has no {kind}')
        name, _ = names[kind]
        path = f'hv_tlfs::{module}::{kind}'
        yield f'let it = <{path}>::default();'
        yield f'show("struct {name} size", core::mem::size_of_val(&it) as u64);'
        yield f'show("struct {name} align", core::mem::align_of_val(&it) as u64);'
        for field in re.findall(r'^ +\d+ (\S+):', body, re.M):
            plain = field.removeprefix('r#').removesuffix('_')
            yield f'show("struct {name} {plain}", place(&it.{field}) - place(&it));'


def constant_lines():
    """Statements that show every named value, flag, part and number."""
    for module, kind, body in blocks('values') + blocks('flags'):
        prefix = {'Status': 'HV_STATUS', 'CallCode': 'HV_CALL'}.get(kind) or c_prefix(kind)
        for value in re.findall(r'^ +(\w+) = ', body, re.M):
            yield f'show("{prefix}_{value}", hv_tlfs::{module}::{kind}::{value}.0 as u64);'
    for module, kind, body in blocks('bits'):
        if module != 'types':
            continue
        size = int(re.search(rf'\b{kind}: u(\d+)', sources()[module])[1])
        for getter, setter, high, low in re.findall(r'^ +(\S+) (\w+) (\d+) (\d+);', body, re.M):
            if int(high) - int(low) + 1 < size:
                yield (f'show("{c_prefix(kind)}_{setter.removeprefix("with_").upper()}_MASK", '
                       f'hv_tlfs::{module}::{kind}(0).{setter}(u{size}::MAX).0 as u64);')
                yield f'assert_eq!(hv_tlfs::{module}::{kind}(0).{setter}(1).{getter}(), 1);'
    for module, prefix in (('msr', ''), ('cpuid', 'HV_CPUID_')):
        for name in re.findall(r'^pub const (\w+): u32', sources()[module], re.M):
            yield f'show("{prefix}{name}", hv_tlfs::{module}::{name} as u64);'


def c_prefix(kind):
    """'HV_VP_SET_FORMAT' for VpSetFormat."""
    require(kind in layout.prefixes(), f'C has no constant of {kind}')
    return layout.prefixes()[kind]


MANIFEST = f'''[package]
name = "user"
version = "0.0.0"
edition = "2021"
[dependencies]
hv_tlfs = {{ path = "{CRATE}" }}
'''

PROGRAM = '''fn show(key: &str, value: u64) {{
    println!("{{key}}={{value}}");
}}

fn place<T>(of: &T) -> u64 {{
    of as *const T as u64
}}

{functions}
fn main() {{
{calls}
}}
'''


def program(statements, per_function=100):
    """A program of many small functions: compilers dislike one that is huge."""
    groups = [statements[i:i + per_function] for i in range(0, len(statements), per_function)]
    functions = [f'fn part{i}() {{\n' + '\n'.join(group) + '\n}\n' for i, group in enumerate(groups)]
    return PROGRAM.format(functions='\n'.join(functions), calls='\n'.join(f'part{i}();' for i in range(len(groups))))


def structure_groups():
    """The statements of one structure share a variable: each is one group of its own."""
    group = []
    for line in structure_lines():
        if line.startswith('let') and group:
            yield '{ ' + '\n'.join(group) + ' }'
            group = []
        group.append(line)
    yield '{ ' + '\n'.join(group) + ' }'


def agrees_with_c():
    write(os.path.join(USER, 'Cargo.toml'), MANIFEST)
    write(os.path.join(USER, 'src/main.rs'), program([*structure_groups(), *constant_lines()]))
    dump = layout.parse(cargo('run', cwd=USER))
    layout.compare(dump, 'Rust', r'struct |HV_STATUS_|HV_CALL_')
    require(len(dump) > 3000, f'only {len(dump)} numbers')


def cases():
    yield 'Rust: builds with the system\'s cargo, without a network and without warnings', builds
    yield 'Rust: neither unsafe code nor dependencies nor the standard library', is_safe
    yield 'Rust: the crates of small specifications build', any_spec_builds
    yield 'Rust: layouts and constants agree with C', agrees_with_c
