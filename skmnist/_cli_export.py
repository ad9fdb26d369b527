# Copyright (c) 2026, the skmnist developers
# SPDX-License-Identifier: BSD-3-Clause
"""What ``skmnist export`` writes: ONNX and Keras models."""

from pathlib import Path
from tempfile import TemporaryDirectory

from ._files import check_writable, write_files
from ._onnx import scalers_and_network, to_onnx

SUFFIXES = (".onnx", ".keras")


def add_export_arguments(parser):
    parser.add_argument("model", metavar="MODEL", help="file that train has saved")
    parser.add_argument(
        "out",
        metavar="OUT.onnx|OUT.keras",
        help="file to write: ONNX, from raw images to labels and probabilities, or the "
        "network alone as a Keras model",
    )


def check_export(args):
    if Path(args.out).suffix not in SUFFIXES:
        raise ValueError(
            f"argument OUT: must end in {' or '.join(SUFFIXES)}; got {args.out!r}"
        )
    check_writable(args.out, "the export")


def export(model, path):
    """Write a model to a file for other programs.

    Parameters
    ----------
    model : estimator
        A fitted classifier, as :func:`skmnist.to_onnx` takes it.
    path : str
        File to write, with one of `SUFFIXES`.

    Returns
    -------
    str
        What the file takes for an input.
    """
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
