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
    data = load("mnist")
    for precision in ("float32", "mixed_bfloat16"):
        train = _make_train(data, steps, precision == "mixed_bfloat16")
        train()
        kinds, traced, untraced = [], [], []
        for _ in range(rounds):
            start = time.perf_counter()
            train()
            untraced.append((time.perf_counter() - start) / steps)
            kinds.append(train(traced=True))
            traced.append(sum(kinds[-1].values()) / steps)
        table = report.table(f"{precision}: time per step on one thread", "ms")
        table.add("untraced", "whole step, untraced", [Turn(t, None) for t in untraced])
        table.add("all", "all operations", [Turn(t, None) for t in traced])
        sums = {kind: median(each[kind] for each in kinds) for kind in kinds[0]}
        for kind in sorted(sums, key=sums.get, reverse=True)[:12]:
            turns = [Turn(each[kind] / steps, None) for each in kinds]
            table.add(kind, kind, turns)
        table.relate("x matrix products", "matrix products")


def _make_train(data, steps, mixed_precision):
    """Make a function that trains some steps, and returns the seconds of each kind."""
    import tensorflow as tf

    from skmnist._network import Architecture, glorot_uniform
    from skmnist._training import _loop
    from skmnist._training._dropout import draw_masks
    from skmnist._training._optimizers import make_optimizer

    units, batch_size = _NETWORK.hidden_units, _NETWORK.batch_size
    network = Architecture(784, units, 10, "relu", "float32")
    spec = _loop.LoopSpec(
        n_layers=len(units) + 1,
        activation="relu",
        dtype="float32",
        optimizer="adam",
        sharded=False,
        mixed_precision=mixed_precision,
        penalized=False,
        adversarial=False,
        distortion=None,
        layer_sizes=None,
        sparse=False,
    )
    loop = _loop.TrainingLoop(spec, make_optimizer("adam"))
    rng = np.random.default_rng(0)
    loop.load_data(data.x_train)
    loop.load_state(glorot_uniform(network, rng), None)
    n_rows = [batch_size] * steps
    rows = rng.integers(len(data.x_train), size=sum(n_rows)).astype(np.int32)
    inputs = _loop.Steps(
        bounds=np.cumsum([0, *n_rows, 0], dtype=np.int32),
        rows=rows,
        y=data.y_train[rows].astype(np.int32),
        weight=np.full((len(rows), 1), 1 / batch_size, np.float32),
        dropout_masks=draw_masks([rng], n_rows, _NETWORK.dropout, [[n] for n in units]),
        rates=np.full(steps, 0.001, np.float32),
        seeds=np.zeros((steps, 2), np.int32),
    )
    numbers = 1 / (1 - _NETWORK.dropout), 0, 0, np.zeros(6), np.zeros((0, 784))
    settings = _loop.Hyperparameters(np.int32(batch_size), *map(np.float32, numbers))

    def train(traced=False):
        metadata = tf.compat.v1.RunMetadata() if traced else None
        loop.train(inputs, settings, alone=False, metadata=metadata)
        seconds = Counter()
        for device in metadata.step_stats.dev_stats if traced else ():
            for node in device.node_stats:
                took = node.op_end_rel_nanos - node.op_start_rel_nanos
                seconds[_kind(node.timeline_label)] += took / 1e9
        return seconds

    return train


def _kind(label):
    kind = label.split("=")[-1].split("(")[0].strip()
    return "matrix products" if "MatMul" in kind else kind
