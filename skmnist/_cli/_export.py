"""``skmnist export``: write a saved model as ONNX or Keras file."""

import copy
import os
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from .._io._atomic import write_files
from .._io._onnx import to_onnx
from .._io._untrusted import naming
from .._pixel_scaler import PixelScaler
from .._plot._estimators import find_classifier
from .._unsharp_mask import UnsharpMask
from ._shared import check_output, load_classifier

_EXAMPLES = """\
examples:
  skmnist export digits.skops digits.onnx
  skmnist export digits.skops digits.keras
"""
_SUFFIXES = (".onnx", ".keras")


def add_arguments(parser):
    parser.description = "Convert a saved model for other programs."
    parser.epilog = _EXAMPLES
    parser.add_argument("model", metavar="MODEL", help="model saved by train")
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
    check_output("OUT", args.out, "the export", [args.model])
    model = load_classifier(args.model)
    with naming(args.model):
        takes = export(model, args.out)
    print(f"input     {takes}")
    print(f"exported  {args.out}  {os.path.getsize(args.out) / 1e6:.1f} MB")
    return 0


def export(model, path):
    """Write a model for other programs, and return what the file takes for an input."""
    if path.endswith(".onnx"):
        import onnx

        converted = to_onnx(model)
        write_files({path: converted.SerializeToString()}, "the export")
        tensor = converted.graph.input[0].type.tensor_type
        sides = [each.dim_value for each in tensor.shape.dim[1:]]
        dtype, divided = onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type), ""
    else:
        network, divisors = _network_and_divisors(model)
        with TemporaryDirectory() as folder:
            file = Path(folder, "model.keras")
            network.to_keras().save(file)
            write_files({path: file.read_bytes()}, "the export")
        sides, dtype = [network.n_features_in_], network.dtype
        divided = "".join(f", divided by {each:g}" for each in divisors)
    return f"n x {' x '.join(map(str, sides))} {dtype}{divided}"


def _network_and_divisors(model):
    """Return a network whose first layer sharpens, and what the pixels are divided by.

    Sharpening is linear, as the layer is.
    """
    try:
        network, before = find_classifier(model)
    except TypeError as error:
        raise ValueError(str(error)) from None
    for step in before:
        if not isinstance(step, PixelScaler | UnsharpMask):
            raise ValueError(
                f"{type(step).__name__} cannot be exported to Keras: only PixelScaler "
                "and UnsharpMask may come before the MLPDigitClassifier"
            )
    network = copy.copy(network)
    for step in reversed(before):
        if isinstance(step, UnsharpMask):
            kernel, *others = network.coefs_
            sharpened = step.transform(np.eye(len(kernel))) @ kernel
            network.coefs_ = [sharpened.astype(kernel.dtype), *others]
    return network, [
        each.max_value_ for each in before if isinstance(each, PixelScaler)
    ]
