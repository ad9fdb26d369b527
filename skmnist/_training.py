"""Training: epochs, schedules, early stopping, and the pool of compiled loops."""

import gc
import threading
import weakref
from collections import OrderedDict
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

import numpy as np

from ._aligned import aligned
from ._batches import MAX_DROPOUT, STEPS_PER_CALL, ahead, draw_batches
from ._compiled import CompiledMLP
from ._graph import TrainingGraph
from ._halves import choose_structure
from ._hard_rows import HardRows
from ._interrupts import interrupts_wait
from ._keras import optimizer_key, optimizer_recipe
from ._network import evaluate
from ._optimizers import is_elementwise
from ._session import n_threads

# Compiled loops that wait for their next fit, in the whole process.
_MAX_IDLE = 16
# Those given up that wait for Python's collector: a graph refers to itself, and left to
# itself the collector comes after dozens of them.
_MAX_GIVEN_UP = 4


class State(NamedTuple):
    """Where a training stands; enough to go on from there."""

    weights: list  # kernel and bias of each layer in turn
    optimizer: list | None  # the optimizer's variables, None for a new optimizer
    epochs: int  # epochs behind it
    seed: int  # source of every random number, with the epoch


class Data(NamedTuple):
    """Rows, class indices and weights (mean 1) of one data set."""

    X: np.ndarray
    y: np.ndarray
    weight: np.ndarray


class _Pool:
    """Compiled loops between two fits; each serves one fit at a time."""

    def __init__(self):
        self._idle = OrderedDict()  # id -> (key, compiled), least recently used first
        self._graphs = weakref.WeakValueDictionary()  # key -> what loops share
        self._lock = threading.Lock()
        self._build_lock = threading.Lock()
        self._n_leased = 0
        self._n_given_up = 0  # since the last collection
        self.n_built = 0

    @property
    def one_leased(self):
        """Whether one fit is under way, and no other."""
        return self._n_leased == 1

    @contextmanager
    def lease(self, architecture, batch_size, optimizer, learning_rate, distortion):
        recipe = optimizer_recipe(optimizer, learning_rate)
        structure = choose_structure(architecture, batch_size, is_elementwise(*recipe))
        key = structure, optimizer_key(optimizer), distortion
        with self._lock:
            known = [i for i, (k, _) in self._idle.items() if k == key]
            compiled = self._idle.pop(known[-1])[1] if known else None
        if compiled is None:
            with self._build_lock, interrupts_wait():
                graph = self._graphs.get(key)
                if graph is None:
                    graph = TrainingGraph(structure, recipe, distortion)
                    self._graphs[key] = graph
                    self.n_built += 1
            with interrupts_wait():
                compiled = CompiledMLP(graph)
        with self._lock:
            self._n_leased += 1
        # After an error or an interrupt it is dropped, not trusted again.
        try:
            yield compiled
        except BaseException:
            self._give_up([compiled])
            raise
        finally:
            with self._lock:
                self._n_leased -= 1
        evicted = []
        with self._lock:
            self._idle[id(compiled)] = key, compiled
            while len(self._idle) > _MAX_IDLE:
                evicted.append(self._idle.popitem(last=False)[1][1])
        self._give_up(evicted)
        evicted.clear()
        if self._n_given_up >= _MAX_GIVEN_UP and gc.isenabled():
            self._n_given_up = 0
            gc.collect()

    def _give_up(self, loops):
        for compiled in loops:
            compiled.close()
        with self._lock:
            self._n_given_up += len(loops)


_pool = _Pool()


def compiled_count():
    """How many graphs this process has built so far."""
    return _pool.n_built


def _shape(kind, n_steps, steps):
    """Compute the learning rates of some steps out of `n_steps`, 1 at the start."""
    progress = np.asarray(steps) / n_steps
    return {
        "constant": np.ones_like(progress),
        "linear": 1 - progress,
        "cosine": 0.5 * (1 + np.cos(np.pi * progress)),
    }[kind]


def train(
    architecture,
    optimizer,
    state,
    data,
    validation=None,
    *,
    learning_rate,
    schedule,
    batch_size,
    epochs,
    dropout,
    l2,
    distortion,
    hard_fraction,
    adversarial_epsilon,
    patience,
    on_epoch,
    callbacks=None,
):
    """Train a network for some epochs.

    Parameters
    ----------
    architecture : Architecture
        The network.
    optimizer : str or keras.optimizers.Optimizer
        A name, or an unbuilt optimizer, which is copied.
    state : State
        Where to start from.
    data : Data
        What to train on.
    validation : Data or None
        What to measure the loss on after each epoch. With it the training ends
        `patience` epochs after the best validation loss, and the best weights and
        the optimizer that went with them are returned.
    learning_rate : float
        Step size at the start; an optimizer with a schedule of its own ignores it.
    schedule : {"constant", "linear", "cosine"}
        How it goes down to zero over the epochs.
    batch_size, epochs : int
        Rows per step, and passes over the rows.
    dropout, l2 : float
        Dropout rate and factor of the squared kernels.
    distortion : Distortion or None
        Distorts the images, but for the last epochs; see its `clean_fraction`.
    hard_fraction : float
        Share of the rows of an epoch that are drawn in proportion to their losses; see
        `HardRows`. Not in the last epochs, those without distortions.
    adversarial_epsilon : float
        How far each row is moved to where its loss is larger, as a part of its length.
    patience : int
        See `validation`.
    on_epoch : callable or None
        Called after each epoch with the number of epochs behind the state, a dict of
        that epoch's figures and a function that returns the weights. True ends the
        training. Short epochs that nobody listens to are trained several at a time.
    callbacks : KerasCallbacks or None
        Called in Keras' order. A learning rate that they set is that of the next step;
        the schedule goes on from there.

    Returns
    -------
    state : State
        What the training ended with.
    history : dict of str to list of float
        Keras' keys, one entry per epoch.

    Raises
    ------
    ValueError
        If the loss becomes NaN or infinite.
    """
    history = {"loss": [], "accuracy": []}
    if validation is not None:
        history |= {"val_loss": [], "val_accuracy": []}
    # All rows in one batch, without many empty ones beside them; a power of two, so
    # that distortions are compiled for few sizes of chunks.
    batch_size = min(batch_size, 1 << (len(data.y) - 1).bit_length())
    n_steps = -(-len(data.y) // batch_size)
    at_once = max(1, STEPS_PER_CALL // n_steps)
    if any(each is not None for each in (validation, on_epoch, callbacks)):
        at_once = 1
    best, best_loss, best_epoch = None, np.inf, 0
    kind, n_distorted = None, epochs
    if distortion is not None:
        kind = distortion.kind
        n_distorted -= round(distortion.clean_fraction * epochs)
    hard = None
    if hard_fraction > 0 and n_distorted > 2:  # the first losses choose the third epoch
        at_once = 1
        hard = HardRows(len(data.y), hard_fraction, n_distorted)
    blocks = [
        *_blocks(range(n_distorted), at_once),
        *_blocks(range(n_distorted, epochs), at_once),
    ]
    with ExitStack() as on_leaving:
        compiled = on_leaving.enter_context(
            _pool.lease(architecture, batch_size, optimizer, learning_rate, kind)
        )
        compiled.load(state.weights, state.optimizer)
        X = aligned(data.X)
        dropout = min(dropout, MAX_DROPOUT)
        batches = draw_batches(
            data.y,
            data.weight,
            batch_size,
            compiled.units,
            dropout,
            distortion is not None,
            (lambda rng: rng.permutation(len(data.y))) if hard is None else hard.order,
            (
                [_rng(state.seed, state.epochs + epoch) for epoch in block]
                for block in blocks
            ),
        )
        if len(blocks) > 1 and n_threads() > 1 and _pool.one_leased:
            batches = ahead(batches)
        on_leaving.callback(batches.close)

        def call(hook, epoch, *args):
            nonlocal learning_rate
            if callbacks is None:
                return
            shape = _shape(schedule, epochs, epoch)
            rate = np.float32(learning_rate * shape)
            wanted = callbacks.call(hook, compiled, rate, *args)
            if wanted != rate and shape:
                learning_rate = wanted / shape

        call("on_train_begin", 0)
        for block in blocks:
            if block.start == n_distorted:
                distortion = None  # the same graph leaves images as they are
            call("on_epoch_begin", block.start, state.epochs + block.start)
            if hard is not None:
                hard.begin_epoch()
            steps = range(n_steps * block.start, n_steps * block.stop)
            rates = learning_rate * _shape(schedule, n_steps * epochs, steps)
            rates = rates.astype(np.float32)
            sums = _run(
                compiled,
                X,
                batches,
                rates,
                (dropout, l2, adversarial_epsilon),
                distortion,
                hard,
            )
            means = sums.reshape(-1, n_steps, 2).sum(axis=1) / len(data.y)
            stop = False
            for epoch, (loss, accuracy) in zip(block, means, strict=True):
                figures = {"loss": float(loss), "accuracy": float(accuracy)}
                if validation is not None:
                    figures |= _validate(validation, compiled, architecture, l2)
                for key, figure in figures.items():
                    history[key].append(figure)
                if not all(np.isfinite(list(figures.values()))):
                    raise ValueError(
                        f"the loss became {figures['loss']} in epoch {epoch + 1}: "
                        f"try a smaller learning_rate than {learning_rate:g} or l2 "
                        f"than {l2:g}, and features scaled to about [0, 1]"
                    )
                done = state.epochs + epoch + 1
                if on_epoch is not None:
                    stop = on_epoch(done, figures, compiled.weights)
                call("on_epoch_end", epoch + 1, done - 1, figures)
                stop |= callbacks is not None and callbacks.stopped
                if validation is not None:
                    if figures["val_loss"] < best_loss:
                        best_loss, best_epoch = figures["val_loss"], epoch
                        best = State(*compiled.state(), done, state.seed)
                    stop |= epoch - best_epoch >= patience
            if stop:
                break
        last = best or State(*compiled.state(), done, state.seed)
        if callbacks is not None:
            compiled.load(last.weights, last.optimizer)
            call("on_train_end", epoch + 1, figures)
            last = State(*compiled.state(), done, state.seed)
    return last._replace(epochs=done), history


def _blocks(epochs, at_once):
    return [epochs[start : start + at_once] for start in range(0, len(epochs), at_once)]


def _rng(seed, epoch):
    # The fastest of NumPy's generators.
    return np.random.Generator(np.random.SFC64((seed, epoch)))


def _run(compiled, X, batches, rates, strengths, distortion, hard):
    """Train a step for each of `rates`; return losses and hits, summed over rows."""
    if distortion is None:
        ranges, modes = np.zeros(6, X.dtype), np.zeros((0, X.shape[1]), X.dtype)
    else:
        ranges, modes = distortion.ranges, distortion.modes
    figures, start = np.empty((len(rates), 2)), 0
    while start < len(rates):
        some = next(batches)
        part = slice(start, start + len(some.rows))
        figures[part], *losses = compiled.run(
            X,
            some,
            rates[part],
            *strengths,
            ranges,
            modes,
            by_row=hard is not None,
            alone=_pool.one_leased,
        )
        if hard is not None:
            hard.note(some, *losses)
        figures[part, 0] *= some.n_rows
        start = part.stop
    return figures


def _validate(validation, compiled, architecture, l2):
    weights = compiled.weights()
    loss, accuracy = evaluate(
        *validation, weights[::2], weights[1::2], architecture.activation
    )
    penalty = sum(float(np.sum(k * k)) for k in weights[:-2:2])
    return {"val_loss": loss + l2 * penalty, "val_accuracy": accuracy}
