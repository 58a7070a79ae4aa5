# SPDX-License-Identifier: BSD-2-Clause OR MIT
"""The soak: random traffic between the VPs of a bare guest, and work for Linux, until the time is over; then the sums."""

import functools
import os
import random
import re
import shlex

import linux
from harness import FAIL, suite

GUEST_GOOD = 33
VPS = '4'
LOG_LINES = 30              # of a failed run that are shown
# Seconds of each minute of the soak that a run takes, of which there are two at a time; and how much slower than that the
# simulated time of a platform goes, at its worst.
SHARES = {('guest64', 'qemu-svm'): 12, ('guest32', 'qemu-svm'): 12, ('guest64', 'bochs-vmx'): 18, ('guest32', 'bochs-vmx'): 18,
          ('linux', 'qemu-svm'): 30, ('linux-backports', 'qemu-svm'): 10, ('linux', 'bochs-vmx'): 20}
SLOWNESS = {'qemu-svm': 1, 'bochs-vmx': 15}


def numbers(pattern, text):
    return [int(number) for number in re.findall(pattern, text, re.M)]


def check_kinds(results, log):
    """Every exit is of one kind."""
    exits, kinds = numbers(r'(\d+) exits,', log), numbers(r'exits: (\d+) of kind', log)
    results.check('exits are the sum of their kinds', exits and exits[0] == sum(kinds), f'{exits}, {kinds}')


def check_counts(results, output, log):
    """What the guest has counted, the hypervisor has."""
    told = re.search(r'^soak: counted (.*)', output, re.M)
    refused = len(re.findall(r'^partita: vp \d+: refused ', log, re.M)) + sum(numbers(r'(\d+) more refusals', log))
    counted = {
        'calls': numbers(r'exits: (\d+) of kind hypercall', log),
        'halts': numbers(r'exits: (\d+) of kind HLT', log),
        'refusals': [refused],
        'interrupts': numbers(r'(\d+) interrupts and \d+ NMIs given', log),
        'NMIs': numbers(r'interrupts and (\d+) NMIs given', log),
    }
    for what, numbers_there in counted.items():
        here = numbers(rf'(\d+) {what}', told[1]) if told else []
        results.check(f'{what}: guest and hypervisor agree', here and here == numbers_there,
                      f'{here} by the guest, {numbers_there} by the hypervisor')


def guest(boot, name, platform, seconds, seed, results):
    words = ['--platform', platform, '--cpus', VPS, '--option', 'privileges=all', '--append',
             f'soak={seconds} seed={seed}', f'build/{name}.elf']
    outcome, log = boot(f'soak-{name}-{platform}', words, limit=300 + 10 * seconds * SLOWNESS[platform])
    tail = '\n'.join(log.splitlines()[-LOG_LINES:])
    suite(results, outcome, 'guest', status=GUEST_GOOD)
    results.check('no refused memory access', ' 0 refused memory accesses' in log, tail)
    check_kinds(results, log)
    check_counts(results, outcome.output, log)
    results.check('nothing is lost', not results.count(FAIL), f'again: boot/run {shlex.join(words)}\n{tail}')
    print('\n'.join(line for line in outcome.output.splitlines() if line.startswith('soak: ')), flush=True)


def cases(boot):
    """Name and function of each run: MINUTES of the environment between them, by SEED or one that is drawn."""
    minutes = float(os.environ.get('MINUTES') or 4)
    seed = int(os.environ.get('SEED') or random.randrange(1, 1 << 31))
    for (name, platform), share in SHARES.items():
        seconds = max(1, round(minutes * share / SLOWNESS[platform]))
        if name.startswith('guest'):
            yield f'{name} on {platform}, seed {seed}', functools.partial(guest, boot, name, platform, seconds, seed)
        elif linux.version_of(name):
            yield f'{linux.version_of(name)} on {platform}', functools.partial(linux.soak, boot, name, platform, seconds)
