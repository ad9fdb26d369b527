# Copyright (c) 2026, the skmnist developers
# SPDX-License-Identifier: BSD-3-Clause
"""What a training is told, and what it starts from."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .._augmentation import Distortion
from .._network import Architecture


@dataclass(frozen=True)
class TrainingConfig:
    """What `MLPDigitClassifier` was told, checked and without defaults left open.

    Attributes
    ----------
    architecture : Architecture
        The network.
    optimizer : str or keras.optimizers.Optimizer
        A name, or an unbuilt optimizer, which is copied.
    learning_rate : float
        At the start; an optimizer with a schedule of its own ignores it.
    schedule : {"constant", "linear", "cosine"}
        How the learning rate decreases over the epochs.
    batch_size, epochs : int
        Rows per step, and passes over the rows.
    dropout, l2 : float
        Dropout rate, and factor of the squared kernels.
    distortion : Distortion or None
        Augmentation of the images in all but the last epochs.
    hard_fraction : float
        Share of the rows of an epoch that `LossSampler` draws.
    adversarial_epsilon : float
        Relative L2 size of the adversarial perturbation.
    patience : int
        Epochs to wait for a better validation loss.
    """

    architecture: Architecture
    optimizer: object
    learning_rate: float
    schedule: str
    batch_size: int
    epochs: int
    dropout: float
    l2: float
    distortion: Distortion | None
    hard_fraction: float
    adversarial_epsilon: float
    patience: int


class State(NamedTuple):
    """What a training goes on from."""

    weights: list  # kernel and bias of each layer in turn
    optimizer: list | None  # variables in Keras' order, None for a new optimizer
    epochs: int  # epochs trained before
    seed: int  # of all random numbers, together with the epoch


class Data(NamedTuple):
    """Rows, class indices and sample weights (mean 1) of a data set."""

    X: np.ndarray
    y: np.ndarray
    sample_weight: np.ndarray
