# SPDX-License-Identifier: BSD-2-Clause OR MIT
"""The soak: random traffic between the VPs of a bare guest, and work for Linux, for a time; then the sums."""

import functools
import os
import random
import re
import shlex
import shutil
import sys
import tempfile

import examples
import linux
from harness import BUILD, FAIL, SKIP, TOP, WORK, command, suite

GUEST_GOOD = 33
VPS = '4'
LOG_LINES = 30              # of a failed run that are shown
# Seconds of each minute of the soak that a run takes, of which there are two at a time; and how much slower than that
# the simulated time of a platform goes.
SHARES = {
    ('guest64', 'qemu-svm'): 12, ('guest32', 'qemu-svm'): 12,
    ('guest64', 'bochs-vmx'): 18, ('guest32', 'bochs-vmx'): 18,
    ('linux', 'qemu-svm'): 30, ('linux-backports', 'qemu-svm'): 10, ('linux', 'bochs-vmx'): 20,
}
SLOWNESS = {'qemu-svm': 1, 'bochs-vmx': 15}


# ---- the bare guest -------------------------------------------------------------------------------------------------

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


# ---- Linux ----------------------------------------------------------------------------------------------------------

def with_traffic(folder, results):
    """The initramfs with the module that makes traffic, for the kernel whose headers are here; else without."""
    kernel = examples.kernel_folder(folder)
    plain = os.path.join(TOP, linux.INITRD)
    if not kernel:
        results.skip('messages, events and MSRs by a module', 'no headers of this kernel here')
        return plain
    with tempfile.TemporaryDirectory() as out:
        shutil.copytree(os.path.join(TOP, 'tests/linux/traffic'), out, dirs_exist_ok=True)
        outcome = command(['make', '-C', kernel, f'M={out}', f'HEADER={BUILD}/gen', 'KCFLAGS=-Werror', 'modules'],
                          limit=300, env={'MAKEFLAGS': '', 'MAKELEVEL': ''})
        if not results.check('the module is built', outcome.status == 0, outcome.tail()):
            return plain
        archive = examples.initramfs_tool().Archive()
        with open(os.path.join(out, 'traffic.ko'), 'rb') as file:
            archive.add('traffic.ko', 0o100644, file.read())
    whole = os.path.join(WORK, f'soak-{folder}.cpio')
    shutil.copy(plain, whole)
    with open(whole, 'ab') as file:
        file.write(archive.content())
    return whole


def check_traffic(results, output):
    """What the module and the process with forbidden instructions said."""
    complaints = re.findall(r'^(?:traffic|probe): (?:wrong|cannot).*', output, re.M)
    results.check('all that was sent arrives, and no more is allowed than without a hypervisor', not complaints,
                  '\n'.join(complaints[:LOG_LINES]))
    tries = numbers(r'^probe: (\d+) tries', output)
    results.check('forbidden instructions were tried', tries and tries[0] > 0, output[-3000:])


def check_interrupts(results, output, log):
    """Linux has taken what it was given, but for what came after it told."""
    taken = numbers(r'^report: interrupts taken (\d+)', output)
    given = numbers(r'(\d+) interrupts and \d+ NMIs given', log)
    results.check('interrupts: Linux and the hypervisor agree',
                  taken and given and 0 <= given[0] - taken[0] <= 500 + given[0] // 100,
                  f'{taken} taken, {given} given')


def check_refusals(results, log):
    refused = re.findall(r'^partita: vp \d+: (.*refused.*)', log, re.M)
    other = [line for line in refused
             if not re.match('refused (read|write) of MSR 0x', line) and ': HVR-C-01: ' not in line]
    results.check('nothing is refused but MSRs and calls of processes', not other, '\n'.join(other[:LOG_LINES]))


def work(boot, folder, platform, seconds, seed, results):
    """The work for Linux again and again, beside traffic, and what a process or the kernel must not do."""
    append = linux.APPEND + (linux.BOCHS_APPEND if platform == 'bochs-vmx' else '')
    words = ['--platform', platform, '--cpus', VPS,
             '--append', f'{append} partita=soak:{seconds}:{seed} partita=interrupts',
             '--initrd', with_traffic(folder, results), f'build/{folder}/vmlinuz']
    outcome, log = boot(f'soak-{folder}-{platform}', words, limit=2 * linux.LIMIT + 10 * seconds * SLOWNESS[platform])
    output = outcome.output
    results.check('ends by power-off', outcome.status == 0, outcome.tail())
    rounds = numbers(r'^report: soak (\d+) rounds', output)
    results.check('rounds of work', rounds and 0 < rounds[0] == output.count('load: complete'), output[-3000:])
    linux.report(results, output, log, linux.PLATFORMS[platform])
    linux.check_work(results, output)
    linux.check_interrupts(results, output, int(VPS))
    if not any(row[1] == SKIP for row in results.rows):
        results.check('the module comes to its end', 'traffic: complete' in output, output[-3000:])
    check_traffic(results, output)
    check_kinds(results, log)
    check_interrupts(results, output, log)
    check_refusals(results, log)
    results.check('no refused memory access', ' 0 refused memory accesses' in log, log[-3000:])
    results.check('nothing is lost', not results.count(FAIL), f'again: boot/run {shlex.join(words)}\n{log[-3000:]}')
    print('\n'.join(re.findall(r'^(?:traffic|probe|report: soak).*', output, re.M)), flush=True)


# ---- all of it ------------------------------------------------------------------------------------------------------

def from_environment(name, kind):
    text = os.environ.get(name) or '0'
    try:
        return abs(kind(text))
    except ValueError:
        sys.exit(f'soak: {name}={text}: not a number')


def cases(boot):
    """Name and function of each run: MINUTES of the environment between them, by SEED or one that is drawn."""
    minutes = from_environment('MINUTES', float) or 4
    seed = from_environment('SEED', int) or random.randrange(1, 1 << 31)
    for (name, platform), share in SHARES.items():
        seconds = max(1, round(minutes * share / SLOWNESS[platform]))
        what, run = (name, guest) if name.startswith('guest') else (linux.version_of(name), work)
        if what:
            yield f'{what} on {platform}, seed {seed}', functools.partial(run, boot, name, platform, seconds, seed)
