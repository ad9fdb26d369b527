# Copyright (c) 2026, the skmnist developers
# SPDX-License-Identifier: BSD-3-Clause
"""TensorFlow sessions with threads of their own: no other graph is affected."""

import os

import tensorflow as tf
from tensorflow.core.protobuf.config_pb2 import CallableOptions, ThreadPoolOptionProto
from tensorflow.core.protobuf.rewriter_config_pb2 import RewriterConfig

_v1 = tf.compat.v1
# As many branches as a compiled step has: more threads find nothing to do.
_MAX_THREADS = 2


def _let_devices_own_their_threads():
    # Inside an operation of our size one thread is faster than two, but TensorFlow
    # gives all sessions the pool of the first. It looks at this variable once, when it
    # makes its first device; where that is past, the shared pool is used. The importer
    # puts the environment back.
    os.environ["TF_OVERRIDE_GLOBAL_THREADPOOL"] = "1"
    # Some versions have something to say of the first run; it is said now.
    with tf.Graph().as_default() as graph:
        nothing = tf.no_op()
    with open_session(graph) as session:
        session.run(nothing)


def n_threads():
    """Count the operations that may run at once.

    Two on a machine of two or more cores. Whoever asks for fewer gets fewer:
    TensorFlow's own setting, ``TF_NUM_INTEROP_THREADS``, and ``OMP_NUM_THREADS``,
    with which joblib and Dask share the cores out to their workers.
    """
    limits = [_MAX_THREADS, _usable_cores()]
    limits.append(tf.config.threading.get_inter_op_parallelism_threads())
    for name in ("TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"):
        value = os.environ.get(name, "")
        limits.append(int(value) if value.isdecimal() else 0)
    return min(limit for limit in limits if limit > 0)


def _usable_cores():
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def open_session(graph):
    """Open a session whose operations have one thread each.

    Parameters
    ----------
    graph : tf.Graph
        What the session will run.

    Returns
    -------
    tf.compat.v1.Session
        It has two pools of threads; see `run_options`.
    """
    n = n_threads()
    pools = [
        ThreadPoolOptionProto(num_threads=n, global_name=f"skmnist-{n}"),
        ThreadPoolOptionProto(num_threads=1),
    ]
    config = _v1.ConfigProto(
        intra_op_parallelism_threads=1, session_inter_op_thread_pool=pools
    )
    # Of TensorFlow's rewrites the one that makes our steps faster, and once: a graph is
    # ready sooner.
    rewrites = config.graph_options.rewrite_options
    rewrites.optimizers.append("dependency")
    rewrites.disable_tfg_optimizer = True
    rewrites.meta_optimizer_iterations = RewriterConfig.ONE
    return _v1.Session(graph=graph, config=config)


def make_callable(session, *, feeds=(), fetches=(), targets=()):
    """Prepare a call into a session.

    TensorFlow's own ``Session.make_callable`` takes a millisecond for two dozen feeds,
    most of it to find out NumPy's version for each.

    Parameters
    ----------
    session : tf.compat.v1.Session
        Where to run.
    feeds, fetches : list of tf.Tensor
        What goes in and what comes out.
    targets : list of tf.Operation
        What else to run.

    Returns
    -------
    callable
        It takes an array for each feed and returns a list of arrays.
    """
    options = CallableOptions(
        feed=[tensor.name for tensor in feeds],
        fetch=[tensor.name for tensor in fetches],
        target=[operation.name for operation in targets],
    )
    return session._make_callable_from_options(options)


def run_options(alone):
    """Choose the threads of a call.

    Parameters
    ----------
    alone : bool
        Whether no other fit is under way in this process.

    Returns
    -------
    tf.compat.v1.RunOptions
        Those of the pool that all sessions share, in which `n_threads` operations run
        at once, or the one thread that the session has for itself: two fits get more
        done side by side than halves of both on the same two cores.
    """
    pool = 0 if alone and n_threads() > 1 else 1
    return _v1.RunOptions(inter_op_thread_pool=pool)


_let_devices_own_their_threads()
