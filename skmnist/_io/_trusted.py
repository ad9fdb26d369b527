"""What a model file may hold, besides what skops knows to be safe.

A type is here if it can do no harm even with attributes that an attacker wrote, a
function if it can do none with any arguments: that it only computes. Not here, although
fitted estimators may hold them:

- scipy.stats' distributions, whose state has source code that is run;
- trees (`sklearn.tree._tree.Tree` and of histogram gradient boosting) and sparse
  matrices: their indices lead compiled code to any place in memory;
- functions of users, and whatever calls them.
"""

_TRUSTED = {
    # NumPy 1 has another name for booleans; a dtype is that of an array that is read.
    "numpy": ("bool", "bool_", "dtype"),
    # These check what they get.
    "skmnist": (
        "DigitNormalizer",
        "ImageAugmentation",
        "MLPDigitClassifier",
        "PixelScaler",
        "UnsharpMask",
    ),
    # These run their own code when they predict or score, on the arrays given then.
    "sklearn.calibration": (
        "_CalibratedClassifier",
        "_SigmoidCalibration",
        "_TemperatureScaling",
    ),
    "sklearn.metrics._scorer": (
        "_CurveScorer",
        "_MultimetricScorer",
        "_PassthroughScorer",
        "_Scorer",
    ),
    "sklearn.model_selection._search_successive_halving": (
        "HalvingGridSearchCV",
        "HalvingRandomSearchCV",
    ),
    "sklearn.model_selection._split": (
        "GroupKFold",
        "GroupShuffleSplit",
        "KFold",
        "LeaveOneGroupOut",
        "LeaveOneOut",
        "PredefinedSplit",
        "RepeatedKFold",
        "RepeatedStratifiedKFold",
        "ShuffleSplit",
        "StratifiedGroupKFold",
        "StratifiedKFold",
        "StratifiedShuffleSplit",
        "TimeSeriesSplit",
    ),
    "sklearn.utils._bunch": ("Bunch",),
    "sklearn.utils._metadata_requests": ("MetadataRequest", "MethodMetadataRequest"),
    # Functions of arrays.
    "sklearn.feature_selection._univariate_selection": ("chi2", "f_classif"),
    "sklearn.metrics._classification": (
        "accuracy_score",
        "balanced_accuracy_score",
        "brier_score_loss",
        "cohen_kappa_score",
        "f1_score",
        "fbeta_score",
        "jaccard_score",
        "log_loss",
        "matthews_corrcoef",
        "precision_score",
        "recall_score",
        "zero_one_loss",
    ),
    "sklearn.metrics._ranking": (
        "average_precision_score",
        "roc_auc_score",
        "top_k_accuracy_score",
    ),
}
TRUSTED = [f"{module}.{name}" for module, names in _TRUSTED.items() for name in names]
