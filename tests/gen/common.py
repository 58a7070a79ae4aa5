# SPDX-License-Identifier: BSD-2-Clause OR MIT
"""What every test of hvgen needs: the tool under ASan and UBSan, and a way to fail."""

import os
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
HVGEN = os.path.join(TOP, 'build', 'hvgen-checked')
SPEC = os.path.join(TOP, 'spec', 'hypercalls.def')
CRASHES = ('Sanitizer', 'runtime error:')


class Failure(Exception):
    """A test failed; the text says why."""


class Skipped(Exception):
    """A test cannot run here; the text says why."""


def require(condition, why):
    if not condition:
        raise Failure(why)


def hvgen(*words, cwd=TOP):
    """Run hvgen; returns status, standard output and standard error."""
    done = subprocess.run([HVGEN, *words], cwd=cwd, capture_output=True, timeout=60, check=False)
    out, err = (text.decode('utf-8', 'replace') for text in (done.stdout, done.stderr))
    for word in CRASHES:
        require(word not in err, f'{word}\n{err}')
    require(done.returncode >= 0, f'killed by signal {-done.returncode}')
    return done.returncode, out, err


def read(path):
    with open(path, 'rb') as file:
        return file.read()


def generate(folder, spec=SPEC, cwd=TOP):
    status, out, err = hvgen('gen', '-o', folder, spec, cwd=cwd)
    require((status, out, err) == (0, '', ''), f'status {status}\n{err}')
    return {name: read(os.path.join(folder, name)) for name in files(folder)}


def files(folder):
    """The names of all files in the folder and those below it, relative to it."""
    return sorted(os.path.relpath(os.path.join(root, name), folder)
                  for root, _, names in os.walk(folder) for name in names)
