# SPDX-License-Identifier: BSD-2-Clause OR MIT
"""Debian's kernels as root: each on each platform with 1, 2 and 4 VPs and work to do; the outcome is a table."""

import functools
import os
import re
import threading

from harness import BUILD, FAIL, SKIP, TOP, boot_script

INITRD = 'build/initramfs.cpio'
FOLDERS = ('linux', 'linux-backports')      # under build/; boot/fetch-kernel fills them
PLATFORMS = {'qemu-svm': 'SVM', 'bochs-vmx': 'VMX'}
CPUS = (1, 2, 4)
BOOT = boot_script()
APPEND = BOOT.LINUX_APPEND
# Bochs is slow: one copy of the page tables, one protocol.
BOCHS_APPEND = ' mitigations=off ipv6.disable=1' + BOOT.BOCHS_LINUX_APPEND
LIMIT = 900

# How each number of VPs comes to its end, and in which mode its APIC is: every way is gone, none at the cost of a run.
POWER_OFF, REBOOT, PANIC = 'power-off', 'reboot', 'panic'
ENDINGS = {1: REBOOT, 2: PANIC, 4: POWER_OFF}
APIC_MODE = {1: 'x2apic', 2: 'xapic', 4: 'x2apic'}
EXIT_STATUS = {POWER_OFF: 0, REBOOT: 126, PANIC: 126}
LAST_LINE = {POWER_OFF: 'partita: end: power-off', REBOOT: 'partita: end: reset', PANIC: 'partita: end: reset'}
CRASH_TEXT = 'Kernel panic - not syncing: sysrq triggered crash'

# What a kernel says of each facility that it uses.
FACILITIES = {
    'PV TLB flush': 'Hyper-V: Using hypercall for remote TLB flush',
    'PV IPIs': 'Hyper-V: Using IPI hypercalls',
    'PV spinlocks': 'Hyper-V: PV spinlocks enabled',
    'Hyper-V clockevent': 'report: clockevents Hyper-V clockevent;',
}
# All that is implemented, but for invariant TSC control, and what stock kernels stumble over (src/main.c).
NO_INVARIANT_TSC = hex((1 << 64) - 1 & ~(1 << 15 | 1 << 33 | 1 << 49))


# ---- what a run said ------------------------------------------------------------------------------------------------

def kernel_warning(output):
    """Whether the kernel found something wrong; the earliest warnings come without a "cut here"."""
    return re.search(r'cut here |WARNING: .*CPU|BUG: |Oops', output)


def report(results, output, log, core):
    """What a Linux root must have said, whatever started it."""
    results.check('finds the hypervisor', 'Hypervisor detected: Microsoft Hyper-V' in output, output[-3000:])
    results.check('no unchecked MSR access', 'report: unchecked MSR access 0' in output, output[-3000:])
    results.check('no kernel warning', not kernel_warning(output.split(CRASH_TEXT)[0]), output[-6000:])
    results.check('reports to the end', 'report: complete' in output, output[-3000:])
    results.check(f'log names the {core} core', core in log, log[-3000:])


def check_facilities(results, output, mode):
    for name, line in [*FACILITIES.items(), ('enlightened APIC', f'Hyper-V: Using enlightened APIC ({mode} mode)')]:
        results.check(name, line in output, f'expected: {line}\n{output[-3000:]}')


def interrupts(output):
    """The rows of /proc/interrupts: name -> counts by VP."""
    rows = re.findall(r'^report: interrupts (\w+) +((?:\d+ *)+)', output, re.M)
    return {name: [int(count) for count in counts.split()] for name, counts in rows}


def check_interrupts(results, output, cpus):
    rows = interrupts(output)
    results.check('HVS on every VP', len(rows.get('HVS', [])) == cpus and all(rows['HVS']), str(rows))
    results.check('a row for HRE', len(rows.get('HRE', [])) == cpus, str(rows))
    results.check('IPIs between VPs', cpus == 1 or all(map(sum, zip(rows['RES'], rows['CAL']))), str(rows))
    results.check('no interrupt lost its way', not sum(rows.get('ERR', []) + rows.get('MIS', [])), str(rows))


def check_work(results, output):
    for name, outcome, rest in re.findall(r'^load: (\w+) (good|FAILED)(.*)', output, re.M):
        results.check(f'load: {name}', outcome == 'good', rest)
    results.check('load: to its end', 'load: complete' in output, output[-3000:])
    trouble = re.findall(r'^report: trouble: .*', output, re.M)
    results.check('nothing in dmesg of clocks, lockups, MTRRs', not trouble, '\n'.join(trouble))


# ---- one run --------------------------------------------------------------------------------------------------------

def version_of(folder):
    """The kernel's version, by the name of its package; None when it was not fetched."""
    try:
        with open(os.path.join(BUILD, folder, 'version'), encoding='ascii') as file:
            return file.read().strip().removeprefix('linux-image-').removesuffix('-amd64')
    except FileNotFoundError:
        return None


def why_missing(folder):
    try:
        with open(os.path.join(BUILD, folder, 'missing'), encoding='utf-8') as file:
            return file.read().strip().splitlines()[-1]
    except (FileNotFoundError, IndexError):
        return 'not fetched'


def clock_source(output):
    found = re.search(r'^report: clocksource (\S+)$', output, re.M)
    return found[1] if found else None


def run(boot, folder, platform, cpus, results):
    ending, mode = ENDINGS[cpus], APIC_MODE[cpus]
    append = APPEND + (BOCHS_APPEND if platform == 'bochs-vmx' else '') + (' nox2apic' if mode == 'xapic' else '')
    append += ' partita=load:1 partita=interrupts' + ('' if ending == POWER_OFF else f' partita={ending}')
    outcome, log = boot(f'matrix-{folder}-{platform}-{cpus}',
                        ['--platform', platform, '--cpus', str(cpus), '--append', append, '--initrd', INITRD,
                         f'build/{folder}/vmlinuz'], limit=LIMIT)
    output = outcome.output
    results.check(f'ends by {ending}', outcome.status == EXIT_STATUS[ending]
                  and log.rstrip().endswith(LAST_LINE[ending]), outcome.tail())
    report(results, output, log, PLATFORMS[platform])
    results.check(f'{cpus} processors', f', {cpus} processor(s)' in output, output[-3000:])
    check_facilities(results, output, mode)
    results.check('TSC as clock source', clock_source(output) == 'tsc', output[-3000:])
    check_work(results, output)
    check_interrupts(results, output, cpus)
    if ending == PANIC:
        results.check('text of the panic in the log', CRASH_TEXT in log, log[-3000:])
    return outcome.seconds


def run_without_tsc(boot, folder, results):
    """CPUID does not vouch for the TSC: time comes from the reference TSC page."""
    outcome, log = boot(f'matrix-{folder}-page', ['--platform', 'qemu-svm', '--cpus', '2', '--option',
                        f'privileges={NO_INVARIANT_TSC}', '--append', APPEND + ' partita=load:1 partita=interrupts',
                        '--initrd', INITRD, f'build/{folder}/vmlinuz'], limit=LIMIT)
    results.check('ends by power-off', outcome.status == 0, outcome.tail())
    report(results, outcome.output, log, 'SVM')
    source = clock_source(outcome.output)
    results.check('the page as clock source', source == 'hyperv_clocksource_tsc_page', str(source))
    results.check('load: to its end', 'load: complete' in outcome.output, outcome.output[-3000:])


# ---- all of them ----------------------------------------------------------------------------------------------------

class Table:
    """Collects what became of each run, and prints itself after the last one."""

    def __init__(self, cells):
        self.cells = dict.fromkeys(cells)
        self.lock = threading.Lock()

    def add(self, cell, results, seconds):
        text = ('FAIL' if results.count(FAIL) else 'skip' if results.count(SKIP) else 'pass') + \
               (f' {seconds:4.0f} s' if seconds else '')
        with self.lock:
            self.cells[cell] = text
            if all(self.cells.values()):
                self.show()

    def show(self):
        lines = [f'{"":24}{"":12}' + ''.join(f'{f"{n} VP" + "s" * (n > 1):>14}' for n in CPUS)]
        for folder in FOLDERS:
            for platform in PLATFORMS:
                row = [self.cells.get((folder, platform, n), 'not now') for n in CPUS]
                name = version_of(folder) or folder
                lines.append(f'{name:24}{platform:12}' + ''.join(f'{text:>14}' for text in row))
        print('\n'.join(['', *lines, '']), flush=True)


def one_cell(boot, table, cell, results):
    folder = cell[0]
    seconds = 0
    try:
        if os.path.exists(os.path.join(TOP, 'build', folder, 'vmlinuz')):
            seconds = run(boot, *cell, results)
        else:
            results.skip('this kernel', why_missing(folder))
    except Exception as error:      # the table must hear of it
        results.check('the test itself', False, f'{type(error).__name__}: {error}')
    table.add(cell, results, seconds)


def name_of(cell):
    folder, platform, cpus = cell
    return f'{version_of(folder) or folder} on {platform}, {cpus} VP' + 's' * (cpus > 1)


def cases(boot, cells):
    """The runs of these (folder, platform, VPs), for a stage."""
    table = Table(cells)
    for cell in cells:
        yield name_of(cell), functools.partial(one_cell, boot, table, cell)
    for folder in FOLDERS:
        if version_of(folder):
            yield f'{version_of(folder)} by the reference TSC page', functools.partial(run_without_tsc, boot, folder)


def all_cells():
    """The longest first, for the sake of two at a time."""
    cells = [(folder, platform, cpus) for platform in PLATFORMS for cpus in CPUS for folder in FOLDERS]
    return sorted(cells, key=lambda cell: (cell[1] != 'bochs-vmx', -cell[2]))


# What `make test` has time for: Bochs boots with several processors in minutes.
def quick_cells():
    quick_on_bochs = {('linux', 4), ('linux-backports', 2)}
    return [cell for cell in all_cells() if cell[1] == 'qemu-svm' or (cell[0], cell[2]) in quick_on_bochs]
