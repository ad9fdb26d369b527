"""What a training is told, and what it starts from."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .._network import Architecture


@dataclass(frozen=True)
class TrainingConfig:
    """What `MLPDigitClassifier` was told, checked."""

    architecture: Architecture
    optimizer: object  # a name or an unbuilt keras.optimizers.Optimizer
    learning_rate: float  # at the start
    schedule: str  # "constant", "linear" or "cosine"
    batch_size: int
    epochs: int
    dropout: float
    l2: float
    distortion: tuple | None  # of `ImageAugmentation`
    hard_fraction: float  # of the rows of an epoch, drawn by `LossSampler`
    adversarial_epsilon: float  # relative L2 size of the perturbation
    mixed_precision: bool  # whether matrices are multiplied in bfloat16
    patience: int  # epochs to wait for a better validation loss


class State(NamedTuple):
    """What a training goes on from."""

    weights: list  # kernel and bias of each layer in turn
    optimizer: list | None  # variables in Keras' order, None for a new optimizer
    epochs: int  # trained before
    seed: int  # of all random numbers, together with the epoch


class Data(NamedTuple):
    """Rows, class indices and sample weights (mean 1) of a data set."""

    X: np.ndarray
    y: np.ndarray
    sample_weight: np.ndarray
