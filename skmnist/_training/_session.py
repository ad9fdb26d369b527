"""TensorFlow sessions whose thread pools are separate from the rest of the process."""

import os

import joblib
import tensorflow as tf

from ._startup import quiet_startup

_v1 = tf.compat.v1
# A training step has two branches, the shards of its weights.
_MAX_THREADS = 2


def n_threads():
    """Count the operations of a fit that may run at the same time.

    Two on a machine with two or more cores, unless ``TF_NUM_INTEROP_THREADS``,
    ``tf.config.threading`` or ``OMP_NUM_THREADS`` (which joblib and Dask set in their
    workers) ask for fewer.
    """
    limits = [_MAX_THREADS, joblib.cpu_count()]
    limits.append(tf.config.threading.get_inter_op_parallelism_threads())
    for name in ("TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"):
        value = os.environ.get(name, "")
        limits.append(int(value) if value.isdecimal() else 0)
    return min(limit for limit in limits if limit > 0)


def open_session(graph):
    """Open a session on the CPU with one thread inside each operation.

    At the sizes of an MLP's matrix products one thread inside an operation, and two
    operations at a time, are faster than TensorFlow's default. Where the process has
    used TensorFlow before, the threads inside operations are the shared ones, and the
    session is slower.
    """
    n = n_threads()
    config = _v1.ConfigProto(intra_op_parallelism_threads=1, device_count={"GPU": 0})
    pools = config.session_inter_op_thread_pool
    pools.add(num_threads=n, global_name=f"skmnist-{n}")
    pools.add(num_threads=1)
    # Other rewrites of the graph take longer than they save.
    rewrites = config.graph_options.rewrite_options
    rewrites.optimizers.extend(["function", "dependency"])
    rewrites.disable_tfg_optimizer = True
    rewrites.meta_optimizer_iterations = rewrites.ONE
    return _v1.Session(graph=graph, config=config)


def run_options(alone):
    """Choose the thread pool of a call: `n_threads` for a fit that is alone, else one.

    Two fits side by side are faster so than the shards of both on the same two cores.
    """
    return _v1.RunOptions(inter_op_thread_pool=0 if alone and n_threads() > 1 else 1)


def _open_first_session():
    # TensorFlow reads this variable once, when the process makes its first device.
    # Without it all sessions share the thread pool of that device.
    name = "TF_OVERRIDE_GLOBAL_THREADPOOL"
    own = name not in os.environ
    if own:
        os.environ[name] = "1"
    try:
        graph = tf.Graph()
        with graph.as_default():
            one = tf.ones([])
        # The first run has something to write too.
        with quiet_startup(), open_session(graph) as session:
            session.run(one)
    finally:
        if own:
            del os.environ[name]


_open_first_session()
