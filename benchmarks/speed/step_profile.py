"""MNIST: where the time of a training step goes, by kind of operation.

The default network, batches of 128, on one thread, as TensorFlow's tracer sees it. What
is no matrix product says how far above the floor of fit_mnist a step must be: Adam's
update alone goes over four arrays as large as the weights.
"""

import time
from collections import Counter
from statistics import median

import numpy as np

from .._harness.contenders import Network, skmnist_model
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

    from skmnist._network import glorot_uniform
    from skmnist._training import _fit
    from skmnist._training._config import Data, State
    from skmnist._training._loop import TrainingLoop

    _fit._WORTH_SHARDING = np.inf  # one thread
    dtype = "mixed_bfloat16" if mixed_precision else "float32"
    model = skmnist_model(_NETWORK, dtype=dtype)
    model.classes_ = np.arange(10)
    n_rows = steps * _NETWORK.batch_size
    X, y = data.x_train[:n_rows], data.y_train[:n_rows].astype(np.int32)
    config = model._training_config(X.shape[1], incremental=False)
    rows = Data(X, y, np.ones(n_rows, np.float32))
    plan = _fit._Plan(config, rows, State(None, None, 0, 0), single_epochs=True)
    loop = TrainingLoop(plan.spec, plan.optimizer)
    loop.load_data(X)
    loop.load_state(glorot_uniform(config.architecture, np.random.default_rng(0)), None)
    calls = list(plan._draw(range(1), clean=True))

    def train(traced=False):
        seconds = Counter()
        for inputs in calls:
            metadata = tf.compat.v1.RunMetadata() if traced else None
            loop.train(inputs, alone=False, metadata=metadata)
            for device in metadata.step_stats.dev_stats if traced else ():
                for node in device.node_stats:
                    took = node.op_end_rel_nanos - node.op_start_rel_nanos
                    seconds[_kind(node.timeline_label)] += took / 1e9
        return seconds

    return train


def _kind(label):
    kind = label.split("=")[-1].split("(")[0].strip()
    return "matrix products" if "MatMul" in kind else kind
