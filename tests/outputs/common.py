# SPDX-License-Identifier: BSD-2-Clause OR MIT
"""Where the outputs are, how they are loaded, and ways for a test to end."""

import functools
import importlib.util
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
OUT = os.path.join(TOP, 'build', 'outputs')
WORK = os.path.join(TOP, 'build', 'test', 'outputs')    # what the tests build
SPEC = os.path.join(TOP, 'spec', 'hypercalls.def')
HEADERS = os.path.join(TOP, 'build', 'gen')

sys.path.insert(0, os.path.join(TOP, 'tests', 'run'))

from harness import command  # noqa: E402


class Failure(Exception):
    """A test failed; the text says why."""


class Skip(Exception):
    """A test cannot run here; the text says why."""


def require(condition, why):
    if not condition:
        raise Failure(why)


def must(words, limit=120, **more):
    """Run a command that has to succeed; returns its output."""
    outcome = command(words, limit=limit, **more)
    require(outcome.status == 0, f'{" ".join(words)}: {outcome.tail()}')
    return outcome.output


def read(path):
    with open(path, encoding='ascii') as file:
        return file.read()


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w', encoding='ascii') as file:
        file.write(text)


@functools.lru_cache(maxsize=None)
def module():
    """The generated Python module."""
    spec = importlib.util.spec_from_file_location('hv_tlfs', os.path.join(OUT, 'python', 'hv_tlfs.py'))
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded
