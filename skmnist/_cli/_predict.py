"""``skmnist predict``: print the predicted label of each image in some files."""

import csv
import json
import os
import reprlib
import sys
from io import BytesIO, StringIO
from pathlib import Path

import numpy as np

from .._io._atomic import write_files
from .._io._untrusted import naming, read_arrays
from ..images import DigitNormalizer, find_digits, read_image
from ..images._likeness import NOVEL, novelty
from ._errors import print_error
from ._shared import (
    add_model_argument,
    add_transpose_argument,
    check_output,
    load_classifier,
    read_source,
)

_EXAMPLES = """\
examples:
  skmnist predict seven.jpg three.png
  skmnist predict page.jpg --sheet --annotate read.png --json
  skmnist predict scan1.npy more-scans.npz --model mnist.skops
  skmnist predict --data test.csv --output submission.csv
"""
_ARRAYS = (b"\x93NUMPY", b"PK")  # what .npy and .npz files begin with
_NAMED_BY = {
    ".csv": "is a table: name it by --data",
    ".skops": "is a saved model: name it by --model",
}
_WRITTEN_AS = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff")
_UNSURE_BELOW = 0.7
_NO_BREAKS = str.maketrans({"\n": r"\n", "\r": r"\r", "\t": r"\t"})  # of the table
_SURE, _UNSURE = (0, 130, 60), (220, 60, 0)


def add_arguments(parser):
    parser.description = (
        "Print one line for each image: the file, the index of the image in it, the\n"
        "predicted label and its probability, separated by tabs. If it is below\n"
        f"{_UNSURE_BELOW}, a ? follows, with the second label and its "
        "probability."
    )
    parser.epilog = _EXAMPLES
    add_model_argument(parser)
    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help="picture of a digit (PNG, JPEG, TIFF, BMP, WebP, GIF), .npy file with an "
        "image or a stack of images, or .npz file with such an array: x_test, x, or "
        "its only one",
    )
    parser.add_argument(
        "--json", action="store_true", help="print each line as a JSON object"
    )
    parser.add_argument(
        "--data",
        metavar="digits|mnist|PATH",
        help="instead of files: images as train takes them, with labels or without; "
        "the test images, where there are training images too",
    )
    add_transpose_argument(parser)
    parser.add_argument(
        "--output",
        metavar="OUT.csv",
        help="with --data: file to write to, with the columns ImageId (from 1) and "
        "Label",
    )
    _add_picture_arguments(parser)


def main(args):
    _check_outputs(args)
    model = load_classifier(args.model)
    if args.data is not None:
        return _predict_data(args, model)
    code = 0
    for path in args.files:
        try:
            with naming(path):
                if _is_picture(path):
                    predictions = _read_picture(path, model, args)
                elif args.annotate or args.show_framed:
                    raise ValueError("holds arrays: only a picture can be shown")
                else:
                    predictions = _predictions_of(_read_images(path, model), model)
        except (OSError, ValueError) as error:
            print_error(error)
            code = 1
            continue
        for i, prediction in enumerate(predictions):
            _print_prediction(path, i, prediction, args.json)
    return code


def _predict_data(args, model):
    with naming(args.data):
        data = read_source(args.data, args.transpose)
        images = data.get("x_test", data.get("x"))
        if images is None:
            raise ValueError("has no images to test on")
        predictions = _predictions_of(images, model)
    if args.output is None:
        for i, prediction in enumerate(predictions):
            _print_prediction(args.data, i, prediction, args.json)
    else:
        stream = StringIO()
        rows = [(i, each["label"]) for i, each in enumerate(predictions, 1)]
        csv.writer(stream, lineterminator="\n").writerows([("ImageId", "Label"), *rows])
        write_files({args.output: stream.getvalue().encode()}, "the predictions")
    return 0


def _predictions_of(images, model):
    probabilities = model.predict_proba(images)
    return [_prediction(model.classes_.tolist(), row) for row in probabilities]


def _prediction(classes, row):
    """Return the two labels of the greatest probabilities, for one image."""
    first, *others = np.argsort(-row, kind="stable")[:2]
    prediction = {
        "label": classes[first],
        "probability": round(float(row[first]), 4),
        "unsure": bool(row[first] < _UNSURE_BELOW),
    }
    for second in others:
        prediction["second_label"] = classes[second]
        prediction["second_probability"] = round(float(row[second]), 4)
    return prediction


def _print_prediction(path, i, prediction, as_json):
    if as_json:
        print(json.dumps({"file": path, "index": i, **prediction}))
        return
    label = "-" if prediction["label"] is None else prediction["label"]
    cells = [path.translate(_NO_BREAKS), i, label, f"{prediction['probability']:.4f}"]
    if prediction["unsure"]:
        cells.append("?")
        if "second_label" in prediction:
            cells.append(prediction["second_label"])
            cells.append(f"{prediction['second_probability']:.4f}")
    print(*cells, sep="\t")


def _read_images(path, model):
    arrays = {name.lower(): array for name, array in read_arrays(path).items()}
    name = next((name for name in ("x_test", "x") if name in arrays), None)
    if name is None and len(arrays) == 1:
        (name,) = arrays
    if name is None:
        raise ValueError(
            f"must have an array x_test or x, or one array only; it has "
            f"{reprlib.repr(list(arrays))}"
        )
    images = arrays[name]
    if images.size == getattr(model, "n_features_in_", 0) and images.shape[:1] != (1,):
        return images[np.newaxis]
    if images.ndim < 2:
        raise ValueError(f"has no images, but an array of the shape {images.shape}")
    return images


def _add_picture_arguments(parser):
    group = parser.add_argument_group(
        "pictures",
        "Photos and scans are framed as MNIST framed its digits, for a model trained\n"
        "on MNIST. A ? marks what is unlike all digits of MNIST, and digits that\n"
        "probably touch.",
    )
    group.add_argument(
        "--polarity",
        choices=("auto", "dark", "light"),
        default="auto",
        help="whether the ink is darker or lighter than the paper (default: auto)",
    )
    group.add_argument(
        "--show-framed",
        metavar="OUT",
        help="with one picture: file to write the framed digits to, as the model "
        "gets them, enlarged, in the order of the lines",
    )
    group.add_argument(
        "--sheet",
        action="store_true",
        help="read all digits of each picture, in reading order",
    )
    group.add_argument(
        "--annotate",
        metavar="OUT",
        help="with --sheet and one picture: file to write it to with what was read",
    )


def _check_outputs(args):
    if bool(args.files) == (args.data is not None):
        raise ValueError("FILE or --data is required, not both")
    for option, value in ("--output", args.output), ("--transpose", args.transpose):
        if value and args.data is None:
            raise ValueError(f"argument {option}: needs --data")
    sources = *args.files, args.data, args.model
    if args.output is not None:
        check_output("--output", args.output, "the predictions", sources)
    if args.annotate is not None and not args.sheet:
        raise ValueError("argument --annotate: needs --sheet")
    for option, out in (
        ("--annotate", args.annotate),
        ("--show-framed", args.show_framed),
    ):
        if out is None:
            continue
        if len(args.files) != 1:
            raise ValueError(f"argument {option}: needs one picture")
        if Path(out).suffix.lower() not in _WRITTEN_AS:
            raise ValueError(
                f"argument {option}: must end in {', '.join(_WRITTEN_AS)}; got {out!r}"
            )
        check_output(option, out, "the picture", sources)


def _is_picture(path):
    suffix = ".csv" if path.endswith(".csv.gz") else Path(path).suffix.lower()
    if os.path.isdir(path) or suffix in _NAMED_BY:
        raise ValueError(_NAMED_BY.get(suffix, "is a folder: name the pictures in it"))
    if Path(path).suffix.lower() in (".npy", ".npz"):
        return False
    if not os.path.isfile(path):
        return True  # a pipe, which can be read once
    with open(path, "rb") as stream:
        return not stream.read(6).startswith(_ARRAYS)


def _read_picture(path, model, args):
    """Predict the digits of one picture; return a dict for each."""
    image = read_image(path)
    n_features = getattr(model, "n_features_in_", 784)
    if n_features != 784:
        raise ValueError(
            f"the model takes images of {n_features} pixels, but pictures become those "
            "of MNIST, with 784: train a model with --data mnist"
        )
    if not args.sheet:
        unsure = True
        try:
            digits, framed = frame_and_predict(model, [image], args.polarity)
            unsure = digits[0]["unsure"]
        finally:
            if unsure and (n_digits := count_digits(image, args.polarity)) > 1:
                print(
                    f"skmnist: note: {path}: was read as one digit, but looks like "
                    f"{n_digits}: --sheet reads each",
                    file=sys.stderr,
                )
    else:
        found = find_digits(image, polarity=args.polarity)
        digits, framed = frame_and_predict(model, found.images, "light")
        for i, digit in enumerate(digits):
            digit["box"] = found.boxes[i].tolist()
            digit["line"] = int(found.lines[i])
            digit["touching"] = bool(found.touching[i])
            digit["unsure"] |= digit["touching"]
    files = {}
    if args.annotate:
        files[args.annotate] = _to_bytes(_annotate(image, digits), args.annotate)
    if args.show_framed:
        files[args.show_framed] = _to_bytes(_contact_sheet(framed), args.show_framed)
    write_files(files, "the picture")
    return digits


def _contact_sheet(framed):
    """Put framed digits side by side, enlarged, ten in a line."""
    from PIL import Image

    framed = np.pad(
        framed.reshape(-1, 28, 28), [(0, -len(framed) % 10), (1, 1), (1, 1)]
    )
    rows = framed.reshape(-1, 10, 30, 30).swapaxes(1, 2).reshape(-1, 300)
    return Image.fromarray(rows.repeat(4, axis=0).repeat(4, axis=1))


def count_digits(image, polarity):
    """Count the digits of a picture that are nearly as high as the highest."""
    try:
        boxes = find_digits(image, polarity=polarity).boxes
    except ValueError:
        return 0
    heights = boxes[:, 3] - boxes[:, 1]
    return int((heights >= 0.6 * heights.max()).sum())


def frame_and_predict(model, images, polarity):
    """Frame images and predict them; return the predictions, and the framed rows."""
    on_blank = "raise" if len(images) == 1 else "zeros"
    try:
        rows = DigitNormalizer(polarity=polarity, on_blank=on_blank).transform(images)
    except ValueError as error:
        # There is one picture, and its name comes with the message.
        raise ValueError(str(error).replace("X[0] ", "the picture ")) from error
    digits = [{"label": None, "probability": 0.0, "unsure": True} for _ in rows]
    (inked,) = rows.any(axis=1).nonzero()
    if inked.size:
        novel = novelty(rows[inked].reshape(-1, 28, 28)) > NOVEL
        predictions = _predictions_of(rows[inked], model)
        for i, digit, is_novel in zip(inked, predictions, novel, strict=True):
            digit["unsure"] |= bool(is_novel)
            digits[i] = digit
    return digits, rows


def _annotate(image, digits):
    from PIL import Image, ImageDraw, ImageFont

    if image.dtype != "uint8":
        top = max(float(image.max()), 1e-12)
        image = (image.clip(0) * (255 / top)).astype("uint8")
    picture = Image.fromarray(image).convert("RGB")
    pen = ImageDraw.Draw(picture)
    width = max(1, max(picture.size) // 700)
    font = ImageFont.load_default(max(10, max(picture.size) // 70))
    taken = []
    for digit in digits:
        left, top, right, bottom = digit["box"]
        color = _UNSURE if digit["unsure"] else _SURE
        frame = left - width, top - width, right + width, bottom + width
        pen.rectangle(frame, outline=color, width=width)
        mark = "?" if digit["unsure"] else ""
        text = f"{digit['label']}{mark} {100 * digit['probability']:.0f}%"
        if digit["label"] is None:
            text = mark
        # Above the digit, or where no text of a neighbor is: below it, or higher up.
        above, below = top - 2 * width - font.size, bottom + 2 * width
        for y in above, below, above - font.size, above:
            place = left, min(max(y, 0), picture.height - font.size)
            box = pen.textbbox(place, text, font=font)
            corners = np.reshape(taken, (-1, 4))
            apart = (corners[:, 2:] <= box[:2]) | (corners[:, :2] >= box[2:])
            if apart.any(axis=1).all():
                break
        taken.append(box)
        pen.text(place, text, color, font, stroke_width=width, stroke_fill="white")
    return picture


def _to_bytes(picture, path):
    from PIL import Image

    stream = BytesIO()
    kind = Image.registered_extensions()[Path(path).suffix.lower()]
    picture.save(stream, format=kind)
    return stream.getvalue()
