"""MNIST: where the time of a training step goes, by kind of operation.

The default network, batches of 128, on one thread, as TensorFlow's tracer sees it. What
is no matrix product says how far above the floor of fit_mnist a step must be: Adam's
update alone goes over four arrays as large as the weights.
"""

import time
from collections import Counter
from statistics import median

import numpy as np

from .._harness.contenders import Network
from .._harness.data import load
from .._harness.worker import Turn

OPTIONS = {
    "rounds": (5, 1, "traced turns"),
    "steps": (469, 20, "steps of a turn"),
}
_NETWORK = Network()


def run(report, rounds, steps):
    train = _make_train(load("mnist"), steps)
    train()
    kinds, traced, untraced = [], [], []
    for _ in range(rounds):
        start = time.perf_counter()
        train()
        untraced.append((time.perf_counter() - start) / steps)
        kinds.append(train(traced=True))
        traced.append(sum(kinds[-1].values()) / steps)
    table = report.table("Time per step: operations as traced, on one thread", "ms")
    table.add("untraced", "whole step, untraced", [Turn(t, None) for t in untraced])
    table.add("all", "all operations", [Turn(t, None) for t in traced])
    sums = {kind: median(each[kind] for each in kinds) for kind in kinds[0]}
    for kind in sorted(sums, key=sums.get, reverse=True)[:12]:
        turns = [Turn(each[kind] / steps, None) for each in kinds]
        table.add(kind, kind, turns)
    table.relate("x matrix products", "matrix products")


def _make_train(data, steps):
    """Make a function that trains some steps, and returns the seconds of each kind."""
    import tensorflow as tf

    from skmnist._network import Architecture, glorot_uniform
    from skmnist._training._loop import Hyperparameters, LoopSpec, Steps, TrainingLoop
    from skmnist._training._optimizers import make_optimizer
    from skmnist._training._session import run_options

    units, batch_size = _NETWORK.hidden_units, _NETWORK.batch_size
    network = Architecture(784, units, 10, "relu", "float32")
    spec = LoopSpec(
        n_layers=len(units) + 1,
        activation="relu",
        dtype="float32",
        optimizer="adam",
        sharded=True,
        penalized=False,
        adversarial=False,
        row_losses=False,
        distortion=None,
        layer_sizes=None,
    )
    loop = TrainingLoop(spec, make_optimizer("adam"))
    rng = np.random.default_rng(0)
    weight = np.ones(len(data.y_train), np.float32)
    loop.load_data(data.x_train, data.y_train, weight)
    loop.load_state(glorot_uniform(network, rng), None)
    n_words = batch_size * sum(units) // 8
    inputs = Steps(
        rng.integers(len(data.x_train), size=steps * batch_size).astype(np.int32),
        np.full(steps, batch_size, np.int32),
        np.full(steps, 0.001, np.float32),
        np.zeros((steps, 2), np.int32),
        np.full(steps, round(256 * _NETWORK.dropout), np.uint8),
        rng.integers(2**64, size=(steps, n_words), dtype=np.uint64),
    )
    settings = Hyperparameters(
        batch_size, _NETWORK.dropout, 0, 0, np.zeros(6), np.zeros((0, 784))
    )

    def train(traced=False):
        options, metadata = run_options(alone=False), tf.compat.v1.RunMetadata()
        if traced:
            options.trace_level = options.FULL_TRACE
        loop._train(*inputs, *settings, options=options, run_metadata=metadata)
        seconds = Counter()
        for device in metadata.step_stats.dev_stats:
            for node in device.node_stats:
                took = node.op_end_rel_nanos - node.op_start_rel_nanos
                seconds[_kind(node.timeline_label)] += took / 1e9
        return seconds

    return train


def _kind(label):
    kind = label.split("=")[-1].split("(")[0].strip()
    return "matrix products" if "MatMul" in kind else kind
