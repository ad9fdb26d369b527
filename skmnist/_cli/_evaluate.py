"""``skmnist evaluate``: measure a model on test images."""

import numpy as np
from sklearn.metrics import classification_report

from .._io._untrusted import naming
from ._shared import (
    add_data_arguments,
    add_model_argument,
    load_classifier,
    load_data,
)

_EXAMPLES = """\
examples:
  skmnist evaluate --data digits
  skmnist evaluate --data digits --model digits.skops
  skmnist evaluate --test-data t10k-images-idx3-ubyte.gz --model mnist.skops
"""


def add_arguments(parser):
    parser.description = (
        "Print the accuracy of a model on test images, and for each class the\n"
        "precision, the recall, their harmonic mean F1 and the number of images\n"
        "(support)."
    )
    parser.epilog = _EXAMPLES
    add_model_argument(parser)
    add_data_arguments(parser, test_alone=True)


def main(args):
    model = load_classifier(args.model)
    source = args.test_data or args.data
    with naming(source):
        data = load_data(args, ["test"])
        y = data.y_test
        predicted = model.predict(data.x_test)
        report = classification_report(y, predicted, digits=4, zero_division=0)
    n_right = np.count_nonzero(predicted == y)
    print(f"data      {source}  {len(y):,} test images")
    print(f"accuracy  {n_right / len(y):.4f}  ({n_right:,} of {len(y):,} right)")
    print()
    print(report, end="")
    return 0
