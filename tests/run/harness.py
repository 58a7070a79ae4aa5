# SPDX-License-Identifier: BSD-2-Clause OR MIT
"""What the test runner is made of: results, commands with a time limit, test lines of other programs, jobs in parallel."""

import concurrent.futures
import importlib.machinery
import importlib.util
import os
import re
import signal
import subprocess
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(TOP, 'build')
WORK = os.path.join(BUILD, 'test')      # logs of the runs
PARALLEL = 2                            # emulators at a time
GRACE = 5                               # seconds to end in, when told to
TAIL = 25                               # lines of a log shown with a failure

PASS, FAIL, SKIP = 'pass', 'FAIL', 'skip'

RUNNING = set()     # commands under way


class Results:
    """The outcomes of one job: (name, PASS or FAIL or SKIP, detail)."""

    def __init__(self):
        self.rows = []

    def check(self, name, condition, detail=''):
        self.rows.append((name, PASS if condition else FAIL, '' if condition else detail))
        return condition

    def skip(self, name, reason):
        self.rows.append((name, SKIP, reason))

    def count(self, outcome):
        return sum(row[1] == outcome for row in self.rows)


class Outcome:
    """A command that ended: status (None when the time limit passed), output, errors, seconds."""

    def __init__(self, status, output, errors, seconds):
        self.status = status
        self.output = output
        self.errors = errors
        self.seconds = seconds

    def tail(self):
        """The last lines of what it said, for a failure."""
        state = 'time limit' if self.status is None else f'status {self.status}'
        lines = [f'({state} after {self.seconds:.1f} s)', *self.output.splitlines()[-TAIL:]]
        return '\n'.join(lines + [f'stderr: {line}' for line in self.errors.splitlines()[-2 * TAIL:]])


def stop(process):
    """End a command and its children; boot/run has an emulator to end, for which it gets a moment."""
    os.killpg(process.pid, signal.SIGTERM)
    try:
        return process.communicate(timeout=GRACE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return process.communicate()


def leave_nothing_behind():
    """From now on, end all commands under way when this program is told to end."""
    def end(number, _):
        for process in list(RUNNING):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
        os._exit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)


def command(words, limit=60, cwd=TOP, env=None, stdin=None):
    """Run to the end or the time limit in seconds, its children included; input never waits for a terminal."""
    start = time.monotonic()
    process = subprocess.Popen(words, cwd=cwd, env={**os.environ, **(env or {})}, start_new_session=True,
                               stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    RUNNING.add(process)
    status = None
    try:
        output, errors = process.communicate(stdin, timeout=limit)
        status = process.returncode
    except subprocess.TimeoutExpired:
        output, errors = stop(process)
    RUNNING.discard(process)
    return Outcome(status, printable(output), printable(errors), time.monotonic() - start)


def boot_script():
    """boot/run as a module, to use its parts instead of writing them again."""
    loader = importlib.machinery.SourceFileLoader('boot_run', os.path.join(TOP, 'boot', 'run'))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader('boot_run', loader))
    loader.exec_module(module)
    return module


def printable(data):
    """Text of what a program wrote, without characters that disturb a terminal."""
    return re.sub(r'[^\n\t -~]', '?', data.decode(errors='replace').replace('\r', ''))


def test_lines(results, text):
    """
    Count a program's `ok NAME`, `not ok NAME: detail` and `skip NAME: reason` lines (numbers and `# SKIP reason` of TAP
    are understood). Returns whether the program told its end: by `done: ...` or by plans `1..N` that sum up.
    """
    planned, seen, done = 0, 0, False
    for line in text.splitlines():
        if plan := re.match(r'1\.\.(\d+)', line):
            planned += int(plan[1])
        elif line.startswith('done: '):
            done = True
        elif skip := re.match(r'skip (\S.*?): (.*)|ok (?:\d+ )?-? *(\S.*?) # *(?:SKIP|skip) *(.*)', line):
            results.skip(skip[1] or skip[3], skip[2] or skip[4])
            seen += 1
        elif ok := re.match(r'(not )?ok (?:\d+ )?(?:- )?(\S.*)', line):
            name, _, detail = ok[2].partition(': ')
            results.check(name, not ok[1], detail or line)
            seen += 1
    return done or 0 < planned == seen


def suite(results, outcome, name, status=0):
    """Count the test lines of a program that ended, and its own end as one more test."""
    told = test_lines(results, outcome.output)
    results.check(f'{name} runs to its end', told and outcome.status == status,
                  f'expected status {status} and an end marker\n{outcome.tail()}')


class Report:
    """Prints results as jobs end and keeps the tally."""

    def __init__(self, verbose):
        self.verbose = verbose
        self.lock = threading.Lock()
        self.totals = {PASS: 0, FAIL: 0, SKIP: 0}
        self.unhappy = []

    def add(self, name, results, seconds):
        with self.lock:
            for outcome in self.totals:
                self.totals[outcome] += results.count(outcome)
            counts = ', '.join(f'{results.count(o)} {o}' for o in self.totals if results.count(o)) or 'nothing'
            print(f'{name}: {counts} ({seconds:.1f} s)', flush=True)
            for test, outcome, detail in results.rows:
                if outcome != PASS:
                    self.unhappy.append((outcome, f'{name}: {test}', detail))
                if outcome != PASS or self.verbose:
                    self.show(outcome, test, detail)

    @staticmethod
    def show(outcome, test, detail):
        lines = detail.splitlines() or ['']
        print(f'  {outcome} {test}' + (f': {lines[0]}' if detail else ''), flush=True)
        for line in lines[1:]:
            print('      ' + line, flush=True)

    def finish(self):
        """The names of what did not pass, then the tally as the last line; returns the exit status."""
        print()
        for outcome in (SKIP, FAIL):
            for row in self.unhappy:
                if row[0] == outcome:
                    self.show(row[0], row[1], (row[2].splitlines() or [''])[0])
        passed, failed, skipped = (self.totals[outcome] for outcome in (PASS, FAIL, SKIP))
        if not passed + failed + skipped:
            print('no test ran')
            return 1
        print(f'{passed} passed, {failed} failed' + (f', {skipped} skipped' if skipped else ''), flush=True)
        return 1 if failed else 0


def run_jobs(jobs, report):
    """Run (name, function of a Results) pairs, a few at a time."""
    def one(name, function):
        results, start = Results(), time.monotonic()
        try:
            function(results)
        except Exception as error:      # a broken test is a failed test, not the end of the others
            results.check('the test itself', False, f'{type(error).__name__}: {error}')
        if not results.rows:
            results.check('reports anything', False, 'no test line')
        report.add(name, results, time.monotonic() - start)

    with concurrent.futures.ThreadPoolExecutor(PARALLEL) as pool:
        for future in [pool.submit(one, *job) for job in jobs]:
            future.result()
