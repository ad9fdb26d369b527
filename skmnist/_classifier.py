"""The scikit-learn side: parameters, validation, labels and weights."""

from collections.abc import Mapping, Sequence
from contextlib import contextmanager, nullcontext
from itertools import pairwise
from numbers import Integral, Real
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import log_softmax, softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets, unique_labels
from sklearn.utils.validation import (
    check_consistent_length,
    check_is_fitted,
    validate_data,
)

from ._augmentation import ImageAugmentation, plan_distortion
from ._base import VersionStamp
from ._network import ACTIVATIONS, Architecture, glorot_uniform, logits
from ._sklearn_compat import (
    CallbackSupportMixin,
    HasMethods,
    Interval,
    StrOptions,
    _check_partial_fit_first_call,
    _check_sample_weight,
    _check_y,
    _fit_context,
)
from ._validation import checking, refuse_times

# As Keras spells them; lower case is the same.
_OPTIMIZERS = {
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Lion",
    "Nadam",
    "RMSprop",
    "SGD",
}
_OPTIMIZERS |= {name.lower() for name in _OPTIMIZERS}
_DEFAULT_LEARNING_RATE = 0.001
# What scikit-learn's messages say of common mistakes, and what to do.
_REMEDIES = {
    "Found array with dim": "Images are flattened by PixelScaler: "
    "make_pipeline(PixelScaler(), MLPDigitClassifier()).",
    "should be a 1d array": "Of one-hot rows fit y.argmax(axis=1); for several labels "
    "per row use sklearn.multioutput.MultiOutputClassifier.",
    "Unknown label type: unknown": "Of objects, labels are strings: y.astype(str), or "
    "y.astype(int) for numbers.",
}
# What TensorFlow's int32 and float32 can hold.
_LARGEST_INT = 2**31 - 1
_LARGEST_FLOAT = float(np.finfo(np.float32).max)


class MLPDigitClassifier(
    VersionStamp, CallbackSupportMixin, ClassifierMixin, BaseEstimator
):
    """Multi-layer perceptron with dropout, L2 and class weights.

    Dense layers with dropout after each hidden one and a softmax output, trained on the
    cross-entropy: the classic Keras network for handwritten digits. It takes any
    features and classes. Training uses Keras and TensorFlow; a fitted
    estimator consists of NumPy arrays, and predicts, pickles and loads without them.

    Parameters
    ----------
    hidden_units : int or array-like of int, default=256
        An int gives two hidden layers of that many units; a sequence gives one hidden
        layer per entry.

    activation : {"elu", "gelu", "leaky_relu", "linear", "relu", "selu", \
            "sigmoid", "silu", "softplus", "tanh"}, default="relu"
        Activation function of the hidden layers, as in Keras.

    dropout : float, default=0.45
        Dropout rate of each hidden layer in training, in [0, 1) [1]_. Rates above
        255/256 count as 255/256.

    l2 : float, default=0.0
        L2 regularization (weight decay): ``l2 * sum(kernel ** 2)`` is added to the loss
        for each hidden layer, as with ``keras.regularizers.L2``.

    optimizer : str or keras.optimizers.Optimizer, default="adam"
        "adadelta", "adafactor", "adagrad", "adam" [2]_, "adamax", "adamw", "ftrl",
        "lion", "nadam", "rmsprop", "sgd" (or as Keras spells it: "RMSprop"), or an
        unbuilt Keras optimizer without gradient accumulation, loss scaling or weight
        averaging. An optimizer has its own learning rate; `learning_rate` must then
        keep its default.

    learning_rate : float, default=0.001
        Step size of the optimizer.

    learning_rate_schedule : {"constant", "linear", "cosine"}, default="constant"
        Linear or cosine decay of the learning rate to zero over the steps of a `fit`
        [3]_. `partial_fit` has a constant learning rate.

    batch_size : int, default=128
        Rows per gradient step. The last batch of an epoch may be smaller.

    epochs : int, default=20
        Passes over the rows in `fit`.

    augmentation : {"affine", "elastic"} or ImageAugmentation, default=None
        Data augmentation: random distortions of the training images, new in every
        epoch. "affine" rotates by up to 15 degrees and scales by up to 15 % [4]_;
        "elastic" adds elastic distortions [5]_. Both keep the center of mass, and
        train the last tenth of the epochs of `fit` without distortions. The rows must
        be images with a background of zero, square unless an
        :class:`ImageAugmentation` has their shape.

    hard_fraction : float, default=0.0
        Loss-based sampling: share of the rows of an epoch, in [0, 1), drawn in
        proportion to their latest losses, capped at 1 [6]_. The first epoch of a call
        and epochs without distortions use each row once. `loss_curve_` is that of the
        sampled rows.

    adversarial_epsilon : float, default=0.0
        Adversarial training by the fast gradient method [7]_, [8]_: the L2 norm of the
        perturbation of each row, relative to the L2 norm of the row; 0 or more. Good
        values for images are 0.05, and 0.08 after :class:`UnsharpMask`. The training
        metrics in `history_` are those of the perturbed rows.

    class_weight : dict or "balanced", default=None
        Weights of the classes, multiplied by `sample_weight`; classes that a dict
        leaves out have weight 1. "balanced" is ``n_samples / (n_classes * count)``,
        with weighted counts.

    early_stopping : bool, default=False
        Hold out a stratified part of the rows, stop when the validation loss has not
        improved for `n_iter_no_change` epochs, and restore the best weights.

    validation_fraction : float, default=0.1
        Share of the rows to hold out, in (0, 1); used with `early_stopping` only.

    n_iter_no_change : int, default=5
        Epochs without improvement before early stopping.

    callbacks : list of keras.callbacks.Callback, default=None
        Keras callbacks with hooks per epoch or training; others, such as hooks per
        batch, are refused. Changes of the weights, of
        ``model.optimizer.learning_rate`` and of ``model.stop_training`` take effect; a
        `learning_rate_schedule` continues from a changed rate, scaled. Validation
        metrics need `early_stopping`. Epochs are counted from the first fit on. An
        estimator with callbacks is not saved by :func:`save`.

    warm_start : bool, default=False
        Continue from the current weights and optimizer state in `fit`. With a constant
        learning rate, two fits of 10 epochs equal one of 20, bit for bit, unless
        `augmentation` has undistorted epochs or `hard_fraction` is above 0.

    dtype : {"float32", "float64", "mixed_bfloat16"}, default="float32"
        Precision of training and of the weights. With "mixed_bfloat16", Keras' mixed
        precision, matrices are multiplied in bfloat16 while training, and all else is
        float32: faster on processors with bfloat16 instructions, such as AMD's from
        Zen 4 on, Intel's Sapphire Rapids and Arm's Neoverse V1.

    random_state : int, RandomState instance or None, default=None
        Source of the initial weights, the order of the rows, the dropout masks, the
        distortions and the held-out rows. The same int gives the same weights, bit for
        bit, on the same machine. None draws a seed from the operating system.

    verbose : int, default=0
        1 prints a line per epoch.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels, sorted.

    n_features_in_ : int
        Number of features seen in `fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if all were strings.

    coefs_ : list of ndarray of shape (fan_in, fan_out)
        Kernel of each layer, in `dtype`.

    intercepts_ : list of ndarray of shape (fan_out,)
        Bias of each layer, in `dtype`.

    n_iter_ : int
        Number of epochs trained, with `warm_start` or `partial_fit` in all calls.
        After early stopping, `coefs_` may be those of an earlier epoch.

    n_layers_ : int
        Number of layers, input and output included.

    n_outputs_ : int
        Number of outputs, one per class.

    out_activation_ : str
        Activation of the output layer, always "softmax".

    loss_curve_ : list of float of length `n_iter_`
        Training loss of each epoch, penalty included.

    loss_ : float
        Training loss of the last epoch.

    best_loss_ : float or None
        Smallest training loss; None with early stopping.

    validation_scores_ : list of float or None
        Accuracy on the held-out rows after each epoch; None without early stopping.

    best_validation_score_ : float or None
        Greatest of `validation_scores_`. The weights are those of the epoch with the
        smallest validation loss.

    history_ : dict of str to list of float
        "loss" and "accuracy", with early stopping also "val_loss" and "val_accuracy";
        one entry per epoch, NaN without validation rows. Losses include the penalty.

    See Also
    --------
    PixelScaler : Flattens and scales images for this classifier.
    ImageAugmentation : Ranges of random distortions, for `augmentation`.
    sklearn.neural_network.MLPClassifier : scikit-learn's own network, without
        dropout and class weights.

    Notes
    -----
    Sample weights, class weights included, are scaled to a mean of 1, so that only
    their ratios matter: a row of weight 2 counts as the row given twice, and rows of
    weight 0 as left out.

    References
    ----------
    .. [1] Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from
       Overfitting", Journal of Machine Learning Research 15, 2014.
    .. [2] Kingma and Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015.
    .. [3] Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm
       Restarts", ICLR 2017.
    .. [4] Cireşan, Meier, Gambardella and Schmidhuber, "Deep, Big, Simple Neural Nets
       for Handwritten Digit Recognition", Neural Computation 22, 2010.
    .. [5] Simard, Steinkraus and Platt, "Best Practices for Convolutional Neural
       Networks Applied to Visual Document Analysis", ICDAR 2003.
    .. [6] Loshchilov and Hutter, "Online Batch Selection for Faster Training of Neural
       Networks", ICLR 2016 Workshop Track.
    .. [7] Goodfellow, Shlens and Szegedy, "Explaining and Harnessing Adversarial
       Examples", ICLR 2015.
    .. [8] Miyato, Maeda, Koyama, Nakae and Ishii, "Distributional Smoothing with
       Virtual Adversarial Training", ICLR 2016.

    Examples
    --------
    >>> from skmnist import MLPDigitClassifier, PixelScaler
    >>> from skmnist.datasets import load_digits
    >>> from sklearn.pipeline import make_pipeline
    >>> digits = load_digits()
    >>> mlp = MLPDigitClassifier(epochs=40, random_state=0)
    >>> model = make_pipeline(PixelScaler(), mlp)
    >>> model.fit(digits.x_train, digits.y_train)  # doctest: +ELLIPSIS
    Pipeline(...)
    >>> model.score(digits.x_test, digits.y_test) > 0.96
    True
    """

    __module__ = "skmnist"  # where it is public

    classes_: np.ndarray
    n_features_in_: int
    feature_names_in_: np.ndarray
    coefs_: list[np.ndarray]
    intercepts_: list[np.ndarray]
    n_iter_: int
    n_layers_: int
    loss_curve_: list[float]
    history_: dict[str, list[float]]
    _parameter_constraints = {
        "hidden_units": [
            Interval(Integral, 1, _LARGEST_INT, closed="both"),
            "array-like",
        ],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "l2": [Interval(Real, 0, _LARGEST_FLOAT, closed="both")],
        "optimizer": [StrOptions(_OPTIMIZERS), HasMethods(["apply", "get_config"])],
        "learning_rate": [Interval(Real, 0, _LARGEST_FLOAT, closed="right")],
        "learning_rate_schedule": [StrOptions({"constant", "linear", "cosine"})],
        "batch_size": [Interval(Integral, 1, _LARGEST_INT, closed="both")],
        "epochs": [Interval(Integral, 1, _LARGEST_INT, closed="both")],
        "augmentation": [StrOptions({"affine", "elastic"}), ImageAugmentation, None],
        "hard_fraction": [Interval(Real, 0, 1, closed="left")],
        "adversarial_epsilon": [Interval(Real, 0, _LARGEST_FLOAT, closed="both")],
        "class_weight": [StrOptions({"balanced"}), dict, None],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "callbacks": [list, tuple, None],
        "warm_start": ["boolean"],
        "dtype": [StrOptions({"float32", "float64", "mixed_bfloat16"})],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        hidden_units: int | Sequence[int] = 256,
        *,
        activation: str = "relu",
        dropout: float = 0.45,
        l2: float = 0.0,
        optimizer: str | Any = "adam",
        learning_rate: float = _DEFAULT_LEARNING_RATE,
        learning_rate_schedule: Literal["constant", "linear", "cosine"] = "constant",
        batch_size: int = 128,
        epochs: int = 20,
        augmentation: Literal["affine", "elastic"] | ImageAugmentation | None = None,
        hard_fraction: float = 0.0,
        adversarial_epsilon: float = 0.0,
        class_weight: Mapping[Any, float] | Literal["balanced"] | None = None,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 5,
        callbacks: Sequence[Any] | None = None,
        warm_start: bool = False,
        dtype: Literal["float32", "float64", "mixed_bfloat16"] = "float32",
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ):
        self.hidden_units = hidden_units
        self.activation = activation
        self.dropout = dropout
        self.l2 = l2
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.learning_rate_schedule = learning_rate_schedule
        self.batch_size = batch_size
        self.epochs = epochs
        self.augmentation = augmentation
        self.hard_fraction = hard_fraction
        self.adversarial_epsilon = adversarial_epsilon
        self.class_weight = class_weight
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.callbacks = callbacks
        self.warm_start = warm_start
        self.dtype = dtype
        self.random_state = random_state
        self.verbose = verbose

    def _validate_params(self):
        super()._validate_params()
        self._hidden_units()

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: ArrayLike | None = None,
        y_val: ArrayLike | None = None,
    ) -> Self:
        """Train the network.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows; features of about [0, 1] train best. Sparse rows are made dense a few
            batches at a time, with the same result bit for bit.
        y : array-like of shape (n_samples,)
            Class labels of any kind. A single class is predicted with probability 1.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row in the loss, 0 or more.
        X_val : array-like of shape (n_validation, n_features), default=None
            Validation rows for `early_stopping`, in place of held-out rows. With
            metadata routing a ``Pipeline(..., transform_input=["X_val"])`` transforms
            them as `X`.
        y_val : array-like of shape (n_validation,), default=None
            Class labels of `X_val`.

        Returns
        -------
        self : MLPDigitClassifier

        Raises
        ------
        ValueError
            If a parameter or the data cannot be used, or if the loss or a weight
            becomes NaN or infinite. The estimator is then unchanged.
        TypeError
            If an element of `callbacks` is not a Keras callback.
        """
        callbacks = self._init_callback_context(max_subtasks=self.epochs)
        with self._all_or_nothing():
            first = not (self.warm_start and hasattr(self, "coefs_"))
            X, y, labels = self._validate(X, y, reset=first)
            if first:
                self.classes_ = labels
            elif not np.array_equal(self.classes_, labels):
                raise ValueError(
                    "warm_start needs the classes of the first fit, "
                    f"{self.classes_.tolist()}; got {labels.tolist()}"
                )
            validation = self._validation_rows(X_val, y_val)
            given = {"estimator": self, "X": X, "y": y}
            if sample_weight is not None:
                given["metadata"] = {"sample_weight": sample_weight}
            callbacks.call_on_fit_task_begin(**given)

            def on_epoch(weights):
                epoch = callbacks.subcontext(task_name="epoch")
                epoch.call_on_fit_task_begin(**given)
                return epoch.call_on_fit_task_end(
                    **given, reconstruction_attributes=lambda: _layers(weights())
                )

            self._train(
                X,
                y,
                sample_weight,
                first,
                validation=validation,
                on_epoch=on_epoch if hasattr(self, "_skl_callbacks") else None,
            )
        callbacks.call_on_fit_task_end(**given, reconstruction_attributes={})
        return self

    def _can_go_row_by_row(self):
        if isinstance(self.class_weight, str) and self.class_weight == "balanced":
            raise AttributeError(
                "partial_fit does not support class_weight='balanced': compute the "
                "weights from all labels with sklearn.utils.class_weight."
                "compute_class_weight and give them as a dict"
            )
        return True

    @available_if(_can_go_row_by_row)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: ArrayLike | None = None,
        y_val: ArrayLike | None = None,
    ) -> Self:
        """Train one epoch on some rows, starting from the current weights.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.
        y : array-like of shape (n_samples,)
            Class labels.
        classes : array-like of shape (n_classes,), default=None
            All labels that will ever occur; needed in the first call.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row in the loss, 0 or more.
        X_val, y_val : array-like, default=None
            As in `fit`: `validation_scores_` has the accuracy on them after each call,
            and the caller decides when to stop. Otherwise no rows are held out.

        Returns
        -------
        self : MLPDigitClassifier

        Raises
        ------
        ValueError
            As in `fit`; also for labels that are not in `classes`.
        AttributeError
            With ``class_weight="balanced"``, which needs all rows at once: the
            estimator then has no such method.
        """
        self._validate_params()  # scikit-learn does so at the first call only
        with self._all_or_nothing():
            first = not hasattr(self, "coefs_")
            with checking("classes", classes):
                _check_partial_fit_first_call(self, classes)
            X, y, labels = self._validate(X, y, reset=first)
            self._check_known(labels)
            self._train(
                X,
                y,
                sample_weight,
                first,
                validation=self._validation_rows(X_val, y_val),
                incremental=True,
            )
        return self

    def _validation_rows(self, X_val, y_val):
        """Check the rows to validate on, which weigh the same."""
        if X_val is None and y_val is None:
            return None
        if X_val is None or y_val is None or not self.early_stopping:
            raise ValueError(
                "X_val and y_val must be given together, and with early_stopping=True"
            )
        try:
            X_val, y_val, labels = self._validate(X_val, y_val, reset=False)
            self._check_known(labels)
        except ValueError as error:
            raise ValueError(f"X_val and y_val: {error}") from error
        from ._training._config import Data

        y_val = np.searchsorted(self.classes_, y_val).astype(np.int32)
        return Data(X_val, y_val, np.ones(len(y_val), self._array_dtype()))

    def _check_known(self, labels):
        unknown = np.setdiff1d(labels, self.classes_)
        if unknown.size:
            raise ValueError(
                f"y has labels {unknown.tolist()} that are not in classes, "
                f"{self.classes_.tolist()}"
            )

    @contextmanager
    def _all_or_nothing(self):
        before = self.__dict__.copy()
        source = self.random_state
        drawn = source.get_state() if hasattr(source, "get_state") else None
        try:
            yield
        except BaseException:
            self.__dict__.clear()
            self.__dict__.update(before)
            if drawn is not None:
                source.set_state(drawn)
            raise

    def _validate(self, X, y, reset):
        X = self._flat(X, reset=reset, dtype=self._array_dtype())
        with _checking("y", y):
            if y is None:
                raise ValueError(
                    f"{type(self).__name__} requires y to be passed, but the target y "
                    "is None"
                )
            y = _check_y(y, estimator=self)
            check_classification_targets(y)
            check_consistent_length(X, y)
            labels = unique_labels(y)
            if (labels != labels).any():
                raise ValueError("y contains NaT")
            return X, y, labels

    def _flat(self, X, **kwargs):
        with _checking("X", X):
            if not hasattr(X, "shape"):
                X = np.asarray(X)  # scikit-learn would not see all that is in it
            refuse_times("X", X)
            return validate_data(self, X, accept_sparse="csr", **kwargs)

    def _train(
        self,
        X,
        y,
        sample_weight,
        first,
        *,
        validation,
        on_epoch=None,
        incremental=False,
    ):
        from ._training._config import Data, State
        from ._training._fit import train
        from ._training._optimizers import optimizer_key

        X, y, weight = self._weigh(X, y, sample_weight)
        config = self._training_config(X.shape[1], incremental)
        network, optimizer_id = config.architecture, optimizer_key(self._optimizer())
        if first:
            seed = self._draw_seed()
            weights = glorot_uniform(network, np.random.default_rng(seed))
            start = State(weights, None, 0, seed)
        elif network != self._architecture():
            raise ValueError(
                "the network cannot change when training goes on: it has "
                f"{self._architecture()}, the parameters and the data ask for {network}"
            )
        else:
            start = State(
                self._weights(), self._state_of(optimizer_id), self.n_iter_, self._seed
            )
        data = Data(X, y, weight)
        if validation is None and self.early_stopping and not incremental:
            kept, held_out = self._split(y, start.seed)
            data = Data(X[kept], y[kept], _mean_one(weight[kept]))
            validation = Data(X[held_out], y[held_out], weight[held_out])
        report = self._reporter(start.epochs + config.epochs, on_epoch)
        with self._keras_callbacks(config, start, len(data.y)) as callbacks:
            state, history = train(config, start, data, validation, report, callbacks)
        vars(self).update(_layers(state.weights))
        self.history_ = history if first else _joined(self.history_, history)
        self.loss_curve_ = self.history_["loss"]
        self.n_iter_ = state.epochs
        self.n_layers_ = len(network.layer_sizes)
        self._activation = network.activation
        self._seed = state.seed
        self._optimizer_state = {
            "optimizer": optimizer_id,
            "variables": state.optimizer,
        }

    def _training_config(self, n_features, incremental):
        from ._training._config import TrainingConfig

        network = Architecture(
            n_features,
            self._hidden_units(),
            len(self.classes_),
            self.activation,
            self._array_dtype(),
        )
        distortion = None
        if self.augmentation is not None:
            distortion = plan_distortion(
                self.augmentation, n_features, self._array_dtype()
            )
            if incremental:
                distortion = distortion._replace(clean_fraction=0.0)
        return TrainingConfig(
            architecture=network,
            optimizer=self._optimizer(),
            learning_rate=float(self._learning_rate()),
            schedule="constant" if incremental else self.learning_rate_schedule,
            batch_size=int(self.batch_size),
            epochs=1 if incremental else int(self.epochs),
            dropout=float(self.dropout),
            l2=float(self.l2),
            distortion=distortion,
            hard_fraction=float(self.hard_fraction),
            adversarial_epsilon=float(self.adversarial_epsilon),
            mixed_precision=self.dtype == "mixed_bfloat16",
            patience=self.n_iter_no_change,
        )

    def _array_dtype(self):
        """Name the dtype of rows and weights."""
        return "float32" if self.dtype == "mixed_bfloat16" else self.dtype

    def _reporter(self, last_epoch, on_epoch):
        """Make the function that `train` calls after each epoch, if one is needed."""
        if not self.verbose and on_epoch is None:
            return None

        def report(epoch, metrics, weights):
            if self.verbose:
                text = "  ".join(f"{key} {value:.4f}" for key, value in metrics.items())
                print(
                    f"epoch {epoch:{len(str(last_epoch))}}/{last_epoch}  {text}",
                    flush=True,
                )
            return on_epoch is not None and on_epoch(weights)

        return report

    def _keras_callbacks(self, config, start, n_rows):
        if not self.callbacks:
            return nullcontext()
        from ._training._callbacks import keras_callbacks

        return keras_callbacks(
            self.callbacks,
            self._keras_model(
                config.architecture, start.weights, start.optimizer, start.seed
            ),
            verbose=int(self.verbose),
            epochs=start.epochs + config.epochs,
            steps=-(-n_rows // config.batch_size),
        )

    def _hidden_units(self):
        units = self.hidden_units
        if isinstance(units, Integral):
            return (int(units),) * 2
        units = units if isinstance(units, Sequence) else np.asarray(units).tolist()
        if (
            not isinstance(units, Sequence)
            or not units
            or not all(
                isinstance(n, Integral) and 1 <= n <= _LARGEST_INT for n in units
            )
        ):
            raise ValueError(
                "hidden_units must be an int >= 1 or a sequence of at least one such "
                f"int; got {self.hidden_units!r}"
            )
        return tuple(map(int, units))

    def _optimizer(self):
        named = isinstance(self.optimizer, str)
        return self.optimizer.lower() if named else self.optimizer

    def _learning_rate(self):
        if isinstance(self.optimizer, str):
            return self.learning_rate
        name = type(self.optimizer).__name__
        if self.learning_rate != _DEFAULT_LEARNING_RATE:
            raise ValueError(
                f"learning_rate={self.learning_rate!r} must be left alone with an "
                f"optimizer object, which has its own: {name}(learning_rate=...)"
            )
        from ._training._optimizers import check_optimizer

        rate = check_optimizer(self.optimizer)["learning_rate"]
        if not isinstance(rate, dict):
            return rate
        if self.learning_rate_schedule != "constant":
            raise ValueError(
                f"learning_rate_schedule={self.learning_rate_schedule!r} must be "
                f"'constant' with an optimizer that has a schedule of its own: {name}"
            )
        return self.learning_rate

    def _draw_seed(self):
        # Not np.random's global state: nothing outside may change by a fit.
        if self.random_state is None:
            return int(np.random.default_rng().integers(2**31))
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    def _weigh(self, X, y, sample_weight):
        classes, y = np.unique(y, return_inverse=True)
        y = np.searchsorted(self.classes_, classes)[y].astype(np.int32)
        with checking("sample_weight", sample_weight):
            refuse_times("sample_weight", sample_weight)
            weight = _check_sample_weight(
                sample_weight, X, dtype=np.float64, ensure_non_negative=True
            )
        weight = _scaled(weight)
        if self.class_weight is not None:
            weight = weight * self._class_weights(y, weight)[y]
        # TensorFlow flushes smaller numbers to zero.
        used = weight >= np.finfo(self._array_dtype()).tiny
        if not used.any():
            raise ValueError(
                "sample_weight, times the class_weight, must be above 0 for some row"
            )
        if not used.all():
            X, y, weight = X[used], y[used], weight[used]
        return X, y, _mean_one(weight).astype(self._array_dtype())

    def _class_weights(self, y, weight):
        if self.class_weight == "balanced":
            used = weight > 0
            seen = np.unique(y[used])
            per_class = np.zeros(len(self.classes_))
            per_class[seen] = compute_class_weight(
                "balanced", classes=seen, y=y[used], sample_weight=weight[used]
            )
            return per_class
        given, classes = {*self.class_weight}, {*self.classes_.tolist()}
        if classes - given and given - classes:
            raise ValueError(
                f"class_weight has labels {sorted(given - classes, key=str)} that are "
                f"not in y, which has {self.classes_.tolist()}"
            )
        with checking("class_weight", self.class_weight):
            # compute_class_weight of scikit-learn 1.9 takes the label "1" for 1.
            labels = self.classes_.tolist()
            per_class = np.array([self.class_weight.get(x, 1) for x in labels], float)
        if not (np.isfinite(per_class).all() and (per_class >= 0).all()):
            raise ValueError(
                "class_weight must hold finite numbers of 0 or more; got "
                f"{self.class_weight!r}"
            )
        return _scaled(per_class)

    def _split(self, y, seed):
        # train_test_split may leave a rare class out of one part; this never does.
        rng = np.random.default_rng(seed)
        held_out = np.zeros(len(y), bool)
        for index in np.unique(y):
            rows = rng.permutation(np.flatnonzero(y == index))
            n_rows = max(1, round(self.validation_fraction * len(rows)))
            if n_rows == len(rows):
                raise ValueError(
                    f"validation_fraction={self.validation_fraction!r} leaves no row "
                    f"of class {self.classes_[index]} to train on: it has "
                    f"n_samples={n_rows}"
                )
            held_out[rows[:n_rows]] = True
        return np.flatnonzero(~held_out), np.flatnonzero(held_out)

    def _architecture(self):
        return Architecture(
            self.n_features_in_,
            tuple(bias.shape[0] for bias in self.intercepts_[:-1]),
            len(self.classes_),
            self._fitted_activation(),
            self.coefs_[0].dtype.name,
        )

    def _state_of(self, optimizer_id):
        # Another optimizer starts with a state of its own.
        known = self._optimizer_state["optimizer"] == optimizer_id
        return self._optimizer_state["variables"] if known else None

    def _weights(self):
        pairs = zip(self.coefs_, self.intercepts_, strict=True)
        return [array for pair in pairs for array in pair]

    def _logits(self, X):
        check_is_fitted(self)
        X = self._flat(X, reset=False, dtype=(np.float64, np.float32))
        return logits(X, self.coefs_, self.intercepts_, self._fitted_activation())

    def _fitted_activation(self):
        # The parameter may have changed since `fit`; older files have nothing else.
        return getattr(self, "_activation", self.activation)

    def _check_fitted(self):
        if np.ndim(self.classes_) != 1 or len(self.classes_) < 1:
            raise ValueError("classes_ must be an array of one or more labels")
        if self._fitted_activation() not in ACTIVATIONS:
            raise ValueError(f"activation={self._fitted_activation()!r} is not known")
        if not len(self.coefs_) == len(self.intercepts_) > 0:
            raise ValueError("coefs_ and intercepts_ must have an array for each layer")
        arrays = self._weights()
        if (
            any(type(array) not in (np.ndarray, np.memmap) for array in arrays)
            or {array.dtype.name for array in arrays} not in ({"float32"}, {"float64"})
            or not all(np.isfinite(array).all() for array in arrays)
        ):
            raise ValueError(
                "coefs_ and intercepts_ must be finite float32 or float64 arrays"
            )
        sizes = [self.n_features_in_, *(len(bias) for bias in self.intercepts_)]
        shapes = [array.shape for array in arrays]
        expected = [shape for a, b in pairwise(sizes) for shape in ((a, b), (b,))]
        if shapes != expected or sizes[-1] != len(self.classes_):
            raise ValueError(
                f"{self.n_features_in_} features and {len(self.classes_)} classes "
                f"cannot have the weights {shapes}"
            )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    @property
    def n_outputs_(self) -> int:
        return len(self.classes_)

    @property
    def out_activation_(self) -> str:
        check_is_fitted(self)
        return "softmax"

    @property
    def loss_(self) -> float:
        return self.loss_curve_[-1]

    @property
    def best_loss_(self) -> float | None:
        return None if self.validation_scores_ else min(self.loss_curve_)

    @property
    def validation_scores_(self) -> list[float] | None:
        return self.history_.get("val_accuracy")

    @property
    def best_validation_score_(self) -> float | None:
        scores = self.validation_scores_
        return None if scores is None else float(np.nanmax(scores))

    def decision_function(self, X: ArrayLike) -> np.ndarray:
        """Compute the logits: the network's output before the softmax.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or (n_samples,) for two classes
            For two classes the second logit minus the first, above 0 where the second
            class is more likely. The dtype is that of `X` if it is floating.
        """
        out = self._logits(X)
        return out[:, 1] - out[:, 0] if out.shape[1] == 2 else out

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Predict the most likely class of each row.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels out of `classes_`.
        """
        best = self._logits(X).argmax(axis=1)
        return self.classes_[best]

    def predict_proba(self, X: ArrayLike) -> np.ndarray:
        """Predict the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`; each row sums to 1.
        """
        return softmax(self._logits(X), axis=1)

    def predict_log_proba(self, X: ArrayLike) -> np.ndarray:
        """Predict the logarithm of the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`; finite even where `predict_proba`
            rounds to 0.
        """
        return log_softmax(self._logits(X), axis=1)

    def to_keras(self) -> Any:
        """Return the trained network as a Keras model.

        Returns
        -------
        keras.Sequential
            A compiled model with the trained weights, softmax output, and the loss,
            the metric and the optimizer of the fit, ready to continue. It is a copy:
            training it does not change the estimator. Its files load without skmnist.
        """
        check_is_fitted(self)
        from ._training._optimizers import optimizer_key

        optimizer_id = optimizer_key(self._optimizer())
        return self._keras_model(
            self._architecture(),
            self._weights(),
            self._state_of(optimizer_id),
            self._seed,
        )

    def _keras_model(self, network, weights, optimizer_state, seed):
        from ._training import check_not_forked
        from ._training._keras_model import trained_model
        from ._training._optimizers import keras_optimizer
        from ._training._startup import quiet_startup

        check_not_forked()
        with quiet_startup():
            return trained_model(
                network,
                weights,
                keras_optimizer(self._optimizer(), self.learning_rate),
                optimizer_state,
                dropout=self.dropout,
                l2=self.l2,
                seed=seed,
                dtype=self.dtype,
            )


@contextmanager
def _checking(name, value):
    try:
        with checking(name, value):
            yield
    except ValueError as error:
        for mistake, remedy in _REMEDIES.items():
            if mistake in str(error):
                raise ValueError(f"{error} {remedy}") from None
        raise


def _layers(weights):
    return {"coefs_": weights[::2], "intercepts_": weights[1::2]}


def _joined(past, new):
    # Calls with and without held-out rows may follow each other.
    unknown = [[np.nan] * len(history["loss"]) for history in (past, new)]
    return {
        key: past.get(key, unknown[0]) + new.get(key, unknown[1]) for key in past | new
    }


def _mean_one(weight):
    return weight * (len(weight) / weight.sum())


def _scaled(weight):
    # By a power of two, which is exact: sums and products can no longer overflow.
    return np.ldexp(weight, -np.frexp(weight.max())[1])
