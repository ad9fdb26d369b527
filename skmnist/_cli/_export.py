"""``skmnist export``: write a saved model as ONNX or Keras file."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

from .._io._atomic import check_writable, write_files
from .._io._onnx import scalers_and_network, to_onnx
from ._errors import naming
from ._shared import load_classifier, quiet_tensorflow

_EXAMPLES = """\
examples:
  skmnist export digits.skops digits.onnx
  skmnist export digits.skops digits.keras
"""
_SUFFIXES = (".onnx", ".keras")


def add_arguments(parser):
    parser.description = "Write a saved model to a file that other programs read."
    parser.epilog = _EXAMPLES
    parser.add_argument("model", metavar="MODEL", help="file that train has saved")
    parser.add_argument(
        "out",
        metavar="OUT.onnx|OUT.keras",
        help="file to write: ONNX, from raw images to labels and probabilities, or the "
        "network alone as a Keras model",
    )


def main(args):
    if Path(args.out).suffix not in _SUFFIXES:
        raise ValueError(
            f"argument OUT: must end in {' or '.join(_SUFFIXES)}; got {args.out!r}"
        )
    check_writable(args.out, "the export")
    model = load_classifier(args.model)
    with naming(args.model), quiet_tensorflow():
        takes = export(model, args.out)
    print(f"input     {takes}")
    print(f"exported  {args.out}  {os.path.getsize(args.out) / 1e6:.1f} MB")
    return 0


def export(model, path):
    """Write a model for other programs, and return what the file takes for an input."""
    scalers, network = scalers_and_network(model)
    shape, dtype, divided = (network.n_features_in_,), "float32", ""
    if path.endswith(".onnx"):
        data = to_onnx(model).SerializeToString()
        if scalers:
            shape, dtype = scalers[0].image_shape_, scalers[0].dtype_.__name__
    else:
        dtype = network.dtype
        with TemporaryDirectory() as folder:
            file = Path(folder, "model.keras")
            network.to_keras().save(file)
            data = file.read_bytes()
        divided = "".join(f", divided by {each.max_value_:g}" for each in scalers)
    write_files({path: data}, "the export")
    return f"n x {' x '.join(map(str, shape))} {dtype}{divided}"
