# SPDX-License-Identifier: BSD-2-Clause OR MIT
"""The examples: built by the commands of examples/README.md, and run where something can run them."""

import functools
import glob
import importlib.machinery
import importlib.util
import os
import re
import shutil
import tempfile

from harness import BUILD, TOP, command

FOLDER = os.path.join(TOP, 'examples')
HEADER = os.path.join(BUILD, 'gen')
GOOD, ALONE = 33, 35      # what tiny-os ends with: all facts printed; nobody to ask
INIT = '''#!/bin/busybox sh
export PATH=/bin
/bin/busybox --install -s /bin
mount -t devtmpfs devtmpfs /dev
insmod /hv_facts.ko
dmesg | grep -o 'hv_facts: .*'
poweroff -f
'''


def read(name):
    with open(os.path.join(FOLDER, name), encoding='ascii') as file:
        return file.read()


def commands():
    """The commands of README.md, as they stand there."""
    return re.findall(r'^ {4}(.*)$', read('README.md'), re.M)


def kernel_folder(name='linux'):
    """Where the headers of that kernel under build/ lie, the stock one unless told otherwise; or None."""
    with open(os.path.join(BUILD, name, 'version'), encoding='ascii') as file:
        version = file.read().strip().removeprefix('linux-image-')
    folders = glob.glob(f'/usr/src/linux-headers-{version}')
    return folders[0] if folders else None


def run_line(line, out, kernel=None):
    env = {'HEADER': HEADER, 'OUT': out, 'KERNEL': kernel or '', 'MAKEFLAGS': '', 'MAKELEVEL': ''}
    return command(['sh', '-c', line], limit=120, cwd=FOLDER, env=env)


def build(out, results):
    """Run every command that compiles; what its tool is missing for is skipped."""
    kernel = kernel_folder()
    for line in commands():
        tool, name = line.split()[0], line.split()[-1]
        if tool.startswith('qemu') or not (kernel or '$KERNEL' not in line):
            continue
        if not shutil.which(tool):
            results.skip(f'{tool} {name}', 'not installed')
            continue
        outcome = run_line(line, out, kernel)
        results.check(f'{tool} {name}', outcome.status == 0 and 'warning' not in outcome.errors, outcome.tail())
    if not kernel:
        results.skip('the Linux module', 'no headers of the stock kernel here')


def compiles(results):
    with tempfile.TemporaryDirectory() as out:
        build(out, results)
        names = sorted(os.listdir(out))
        wanted = {'tiny-os.elf', 'freebsd.o', 'clock32.o', 'clock64.o'}
        results.check('all objects are there', wanted <= set(names), names)


# ---- tiny-os --------------------------------------------------------------------------------------------------------

FACTS = (r'vendor: \S', r'version: \d+\.\d+, build: \d+', r'privileges: 0x[0-9a-f]+', r'features: 0x[0-9a-f]+',
         r'virtual processor: 0', r'TSC: \d{7,} Hz', r'APIC timer: \d{6,} Hz',
         r'reference time: \d+00 ns, by its counter', r'reference time: \d+00 ns, by its page',
         r'HvCallNotifyLongSpinWait: HV_STATUS_SUCCESS')


def require_facts(output, results, more=()):
    for fact in (*FACTS, *more):
        results.check(f'prints {fact}', re.search(f'^{fact}', output, re.M), output)
    times = [int(time) for time in re.findall(r'^reference time: (\d+)00 ns', output, re.M)]
    results.check('both clocks show one time', len(times) == 2 and 0 <= times[1] - times[0] < 10**7, output)


def tiny_os(run, results):
    """Build it in a folder of its own and run it."""
    with tempfile.TemporaryDirectory() as out:
        for line in [line for line in commands() if line.startswith('gcc') and 'tiny-os' in line]:
            outcome = run_line(line, out)
            if outcome.status:
                results.check('it is built', False, outcome.tail())
                return
        run(os.path.join(out, 'tiny-os.elf'), out, results)


def on_partita(boot, platform, image, _, results):
    outcome, _ = boot(f'tiny-os-{platform}', ['--platform', platform, '--option', 'privileges=all', image])
    results.check('its end is good', outcome.status == GOOD, outcome.tail())
    require_facts(outcome.output, results, (r'partition: \d+',))


def qemu_line(out):
    return next(line for line in commands() if line.startswith('qemu')).replace('$OUT', out)


def on_kvm(_, out, results):
    outcome = command(['sh', '-c', qemu_line(out)], limit=30)
    if not outcome.output:
        results.skip('KVM with its Hyper-V emulation', (outcome.errors.strip() or 'no output').split('\n')[-1])
        return
    results.check('its end is good', outcome.status == GOOD, outcome.tail())
    require_facts(outcome.output, results)


def on_emulator(_, out, results):
    line = re.sub(r'-enable-kvm -cpu \S+', '-cpu qemu64', qemu_line(out))
    outcome = command(['sh', '-c', line], limit=30)
    results.check('it finds nobody', outcome.status == ALONE and 'there is no hypervisor interface' in outcome.output,
                  outcome.tail())


# ---- Linux ----------------------------------------------------------------------------------------------------------

def initramfs_tool():
    loader = importlib.machinery.SourceFileLoader('boot_initramfs', os.path.join(TOP, 'boot', 'initramfs'))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader('boot_initramfs', loader))
    loader.exec_module(module)
    return module


def linux_module(boot, results):
    """The module in the stock kernel, which is Partita's root."""
    kernel = kernel_folder()
    if not kernel:
        results.skip('the module in the stock kernel', 'no headers of the stock kernel here')
        return
    with tempfile.TemporaryDirectory() as out:
        for line in commands():
            if '$KERNEL' in line or line.startswith('cp '):
                outcome = run_line(line, out, kernel)
        if not results.check('it is built', outcome.status == 0, outcome.tail()):
            return
        initrd = os.path.join(out, 'initrd')
        shutil.copy(os.path.join(BUILD, 'initramfs.cpio'), initrd)
        archive = initramfs_tool().Archive()
        with open(os.path.join(out, 'hv_facts.ko'), 'rb') as file:
            archive.add('hv_facts.ko', 0o100644, file.read())
        archive.add('facts-init', 0o100755, INIT.encode())
        with open(initrd, 'ab') as file:
            file.write(archive.content())
        outcome, _ = boot('linux-module', ['--platform', 'qemu-svm', '--initrd', initrd, '--append',
                                           'console=ttyS0,115200 panic=-1 cryptomgr.notests=1 rdinit=/facts-init',
                                           'build/linux/vmlinuz'], limit=120)
    results.check('exit status 0', outcome.status == 0, outcome.tail())
    for fact in (r'Microsoft Hv, virtual processor 0', r'TSC \d+ Hz, APIC timer \d+ Hz', r'reference time \d+00 ns',
                 r'partition unknown: HV_STATUS_ACCESS_DENIED'):
        results.check(f'prints {fact}', re.search(f'hv_facts: {fact}', outcome.output), outcome.output[-3000:])


def cases(boot):
    """Name and function of each test; `boot` runs boot/run."""
    yield 'what README.md says builds', compiles
    for platform in ('qemu-svm', 'bochs-vmx'):
        yield f'tiny-os on {platform}', functools.partial(tiny_os, functools.partial(on_partita, boot, platform))
    yield 'tiny-os on KVM', functools.partial(tiny_os, on_kvm)
    yield 'tiny-os on no hypervisor', functools.partial(tiny_os, on_emulator)
    yield 'Linux module as root of qemu-svm', functools.partial(linux_module, boot)
