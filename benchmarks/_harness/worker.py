"""Contenders in processes of their own, which take turns.

Frameworks in one process share thread pools, and TensorFlow's settings hold for all
that runs in it; a process each keeps them apart while the rounds are interleaved.
"""

import multiprocessing
import os
import sys
import tempfile
import time
import traceback
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from .machine import describe_threads

_SETTLE = 0.2  # seconds; thread pools go on spinning for a while after their work
_THREADS = "describe_threads"
_spawn = multiprocessing.get_context("spawn")


class Turn(NamedTuple):
    """What a contender did in one turn."""

    seconds: float
    accuracy: float | None  # None where there is nothing to get right
    metrics: dict = {}


class Job(NamedTuple):
    """A contender's part in a benchmark: an object to make in its own process."""

    label: str
    factory: type
    args: tuple = ()
    environment: dict = {}


class Worker:
    """An object that lives in another process; `start` makes one."""

    def __init__(self, label, connection, log):
        self._label = label
        self._connection = connection
        self._log = log

    def __call__(self, method, *args):
        """Call a method of the object; wait for what it returns."""
        self._connection.send((method, args))
        return self.receive()

    def threads(self):
        """Describe the thread settings of the process, as they have come out."""
        return self(_THREADS)

    def receive(self):
        try:
            result, error = self._connection.recv()
        except EOFError:
            last_words = Path(self._log).read_text(errors="replace")[-2000:]
            result, error = None, f"its process died:\n{last_words}"
        if error:
            raise RuntimeError(f"{self._label}: {error}")
        return result


@contextmanager
def start(job):
    """Start a process, make the job's object there, and end it with the block."""
    ours, theirs = _spawn.Pipe()
    with tempfile.NamedTemporaryFile(prefix="benchmark-", suffix=".log") as log:
        process = _spawn.Process(
            target=_serve, args=(theirs, log.name, job.factory, job.args), daemon=True
        )
        with _environment(job.environment):
            process.start()
        theirs.close()
        try:
            worker = Worker(job.label, ours, log.name)
            worker.receive()
            yield worker
        finally:
            ours.close()
            process.join(10)
            if process.is_alive():
                process.kill()


@contextmanager
def workers(jobs):
    """Start a worker for each of the named jobs."""
    with ExitStack() as stack:
        yield {key: stack.enter_context(start(job)) for key, job in jobs.items()}


def take_turns(workers, n_rounds, *args):
    """Let every worker have one turn per round.

    The round's number comes before `args`: it is the seed.

    Returns
    -------
    turns : dict of str to list of Turn
    threads : dict of str to dict
        The thread settings that each had.
    """
    turns = interleave(workers, n_rounds, lambda key, i: workers[key]("turn", i, *args))
    return turns, {key: worker.threads() for key, worker in workers.items()}


def fresh_turns(jobs, n_rounds, *args):
    """Do as `take_turns` does, with a fresh process for each turn."""
    threads = {}

    def turn(key, i):
        with start(jobs[key]) as worker:
            result = worker("turn", i, *args)
            threads[key] = worker.threads()
        return result

    return interleave(jobs, n_rounds, turn), threads


def interleave(keys, n_rounds, turn):
    """Call ``turn(key, round)`` for all keys in turn, so many rounds.

    Each round begins with another key, so that none always follows a certain other.
    """
    keys = list(keys)
    turns = {key: [] for key in keys}
    for i in range(n_rounds):
        for key in keys[i % len(keys) :] + keys[: i % len(keys)]:
            progress(f"round {i + 1} of {n_rounds}: {key}")
            time.sleep(_SETTLE)
            turns[key].append(turn(key, i))
    return turns


def progress(text):
    """Say on the terminal, and only there, how far it is."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


@contextmanager
def _environment(changes):
    before = dict(os.environ)
    os.environ.update(changes)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _serve(connection, log, factory, args):
    # TensorFlow and Keras print a lot, and not only through Python.
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    target = _reply(connection, factory, args, keep=True)
    while target is not None:
        try:
            method, args = connection.recv()
        except EOFError:
            return
        call = describe_threads if method == _THREADS else getattr(target, method)
        _reply(connection, call, args)


def _reply(connection, function, args, keep=False):
    try:
        result = function(*args)
    except Exception:
        connection.send((None, traceback.format_exc()))
        return None
    connection.send((None if keep else result, None))
    return result
