# SPDX-License-Identifier: BSD-2-Clause OR MIT
"""fuzz/: libFuzzer takes the dictionary, and the seeds reach every call of the hypervisor, which survives them."""

import functools
import os
import re
import shutil
import tempfile

from common import OUT, TOP, Skip, command, module, must, read, require

DICTIONARY = os.path.join(OUT, 'fuzz', 'hv_tlfs.dict')
CORPUS = os.path.join(OUT, 'fuzz', 'corpus')


@functools.lru_cache(maxsize=None)
def has_fuzzer():
    """Whether there is a Clang here that comes with libFuzzer."""
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, 'empty.c')
        with open(source, 'w', encoding='ascii') as file:
            file.write('int LLVMFuzzerTestOneInput(const char *d, long n) { return 0; }')
        return bool(shutil.which('clang')) and command(
            ['clang', '-fsanitize=fuzzer,address', '-o', os.path.join(folder, 'empty'), source]).status == 0


def harness(name, *words):
    """Build a harness and let it run the seeds once; returns how that ended."""
    if not has_fuzzer():
        raise Skip('no clang with libFuzzer')
    binary = os.path.join('build', 'fuzz', name)
    must(['make', '--no-print-directory', binary], limit=300, env={'MAKEFLAGS': '', 'MAKELEVEL': ''})
    with tempfile.TemporaryDirectory() as folder:
        return command([os.path.join(TOP, binary), '-runs=0', f'-artifact_prefix={folder}/', *words, CORPUS], limit=120,
                       cwd=folder, env={'FUZZ_REPORT': '1'})


def seeds():
    return sorted(os.listdir(CORPUS))


def seeds_are_calls():
    """Each is a control word of the call in its name and an input that the call's layout takes."""
    hv = module()
    names = {re.sub(r'(?<=.)([A-Z])', r'_\1', call.name[6:]).lower() for call in hv.CALLS.values()}
    require(len(seeds()) > 150, f'only {len(seeds())} seeds')
    known = 0
    for name in seeds():
        with open(os.path.join(CORPUS, name), 'rb') as file:
            data = file.read()
        control = hv.HypercallControl.unpack(data)
        require(control.code in hv.CALLS and len(data) <= 8 + 4096, f'{name}: {control!r}')
        known += name.rpartition('-')[0] in names
        if name.endswith('-0.bin'):
            hv.decode_call(control, data[8:])
    require(known > len(seeds()) // 2, f'only {known} seeds have the name of a call')


def dictionary():
    """Every line is one that AFL and libFuzzer take."""
    lines = [line for line in read(DICTIONARY).split('\n') if line and not line.startswith('#')]
    bad = [line for line in lines if not re.fullmatch(r'[a-z0-9_A-Z]+="(\\x[0-9a-f]{2}){1,16}"', line)]
    require(not bad, f'{bad[:3]}')
    names = [line.split('=')[0] for line in lines]
    require(len(names) == len(set(names)) and len(names) > 300, f'{len(names)} entries, {len(set(names))} names')


def survives():
    outcome = harness('hypercall', f'-dict={DICTIONARY}')
    require(outcome.status == 0, outcome.tail())
    require(f'{len(seeds())} files found' in outcome.errors, outcome.tail())
    entries = int(re.search(r'Dictionary: (\d+) entries', outcome.errors)[1])
    require(entries > 300, f'only {entries} entries of the dictionary were taken')
    counts = {name: int(count) for count, name in re.findall(r'reached (\d+) times: (\w+)', outcome.errors)}
    require(len(counts) > 5, f'{counts}')
    lost = [name for name, count in counts.items() if not count]
    require(not lost, f'no seed reaches the handlers of {lost}')


def finds(name, text):
    outcome = harness(name)
    require(outcome.status not in (0, None) and text in outcome.errors, outcome.tail())


def cases():
    yield 'fuzz: seeds are calls', seeds_are_calls
    yield 'fuzz: the dictionary is well formed', dictionary
    yield 'fuzz: the seeds reach every handler, and the hypervisor survives them', survives
    yield 'fuzz: a handler that answers a status nobody knows is found', lambda: finds('wild-status', 'HvCallGetPartitionId')
    yield 'fuzz: a handler that reads behind its input is found', lambda: finds('long-read', 'use-after-poison')
