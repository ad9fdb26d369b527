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

    from skmnist._batches import draw_kept
    from skmnist._compiled import CompiledMLP
    from skmnist._graph import TrainingGraph
    from skmnist._halves import choose_structure
    from skmnist._keras import optimizer_recipe
    from skmnist._network import Architecture, glorot_uniform
    from skmnist._session import run_options

    sizes = Architecture(784, _NETWORK.hidden_units, 10, "relu", "float32")
    batch_size, dropout = _NETWORK.batch_size, _NETWORK.dropout
    structure = choose_structure(sizes, batch_size, elementwise=True)
    graph = TrainingGraph(structure, optimizer_recipe("adam", 0.001), None)
    rng = np.random.default_rng(0)
    compiled = CompiledMLP(graph)
    compiled.load(glorot_uniform(sizes, rng), None)
    n_units = sum(n_wide for _, n_wide in compiled.units)
    session = compiled._session
    rows = rng.integers(len(data.x_train), size=(steps, batch_size)).astype(np.int32)
    values = {
        "X": data.x_train,
        "rows": rows,
        "y": data.y_train[rows],
        "weight": np.full(rows.shape, 1 / batch_size, np.float32),
        "rates": np.full(steps, 0.001, np.float32),
        "kept": draw_kept([rng] * steps, (batch_size, n_units), dropout),
        "scale": 1 / (1 - dropout),
        "seeds": np.zeros((steps, 2), np.int32),
        "ranges": np.zeros(6, np.float32),
        "modes": np.zeros((0, 784), np.float32),
        "l2": 0.0,
        "epsilon": 0.0,
    }
    feed = {each: values[each.op.name] for each in graph.feeds}
    figures = graph.figures(penalised=False, adversarial=False, by_row=False)

    def train(traced=False):
        options, metadata = run_options(alone=False), tf.compat.v1.RunMetadata()
        if traced:
            options.trace_level = options.FULL_TRACE
        session.run(figures, feed, options, metadata)
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
