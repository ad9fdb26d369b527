"""A self-contained HTML page about a trained network."""

from base64 import b64encode
from html import escape
from pathlib import Path

import numpy as np
from sklearn.metrics import ConfusionMatrixDisplay, classification_report

from .._io._atomic import check_writable, write_files
from .._plot import DigitGridDisplay, HiddenUnitsDisplay, TrainingCurveDisplay
from .._plot._image_grid import to_images
from ._shared import DPI, show_no_window, to_png

_STYLE = """\
:root { color-scheme: light dark; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem;
  font: 16px/1.5 system-ui, sans-serif; }
h1, h2 { line-height: 1.2; }
h2 { margin-top: 2.5rem; }
figure { margin: 0; }
img { max-width: 100%; height: auto; }
pre { overflow-x: auto; }
td { padding: .2rem .7rem .2rem 0; vertical-align: top; overflow-wrap: anywhere;
  border-bottom: 1px solid #ccc; }
"""


def check_report(folder, data):
    """Check, before a training, that its report can be written."""
    for x in (data.x_train, data.x_test):
        to_images(x[:1])
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    check_writable(folder / "index.html", "the report")


def write_report(folder, model, data, name, random_state):
    """Write plots as PNG files, and a page with them and the metrics.

    Files of the same names are replaced, all or none. `random_state` chooses the
    training images. Returns the path of the page.
    """
    show_no_window()
    folder = Path(folder)
    predicted = model.predict(data.x_test)
    drawn, files = [], {}
    for file, caption, display in _pictures(model, data, predicted, random_state):
        drawn.append((caption, to_png(display.figure_)))
        files[folder / f"{file}.png"] = drawn[-1][1]
    page = folder / "index.html"
    files[page] = _page(model, data, name, predicted, drawn).encode()
    write_files(files, "the report")
    return page


def _pictures(model, data, predicted, random_state):
    """Draw one plot after the other: its file, its title and its Display."""
    sample = DigitGridDisplay.from_predictions(
        data.x_train, data.y_train, random_state=random_state
    )
    yield "sample", "Training images", sample
    yield "training", "Training curve: loss and accuracy", _training_curve(model)
    yield "confusion", "Confusion matrix", _confusion_matrix(data.y_test, predicted)
    mistakes = DigitGridDisplay.from_estimator(
        model, data.x_test, data.y_test, mistakes_only=True
    )
    yield "mistakes", "Most confident mistakes", mistakes
    units = HiddenUnitsDisplay.from_estimator(model, n_units=36)
    yield "units", "Weights of the first hidden layer", units


def _training_curve(model):
    import matplotlib.pyplot as plt

    # One above the other, for narrow screens.
    _, axes = plt.subplots(2, figsize=(6, 6.5), layout="constrained")
    return TrainingCurveDisplay.from_estimator(model, ax=axes)


def _confusion_matrix(y_true, y_pred):
    import matplotlib.pyplot as plt

    labels = [str(label) for label in np.union1d(y_true, y_pred)]
    side = 0.5 * len(labels) + 1.5
    _, ax = plt.subplots(figsize=(side, side), layout="constrained")
    display = ConfusionMatrixDisplay.from_predictions(
        y_true,
        y_pred,
        cmap="Blues",
        colorbar=False,
        ax=ax,
        xticks_rotation="vertical" if max(map(len, labels)) > 3 else "horizontal",
    )
    ax.set(title="Number of test images", xlabel="predicted label", ylabel="true label")
    return display


def _page(model, data, name, predicted, drawn):
    network = model[-1]
    right = predicted == data.y_test
    facts = {
        "data": name,
        "training images": f"{len(data.y_train):,}",
        "test images": f"{len(data.y_test):,}",
        "test accuracy": f"{right.mean():.4f}, {np.sum(~right):,} wrong",
        "epochs": network.n_iter_,
        **{
            f"{key.replace('val_', 'validation ')}, last epoch": f"{values[-1]:.4f}"
            for key, values in network.history_.items()
        },
        "parameters": f"{sum(map(np.size, network.coefs_ + network.intercepts_)):,}",
    }
    settings = {
        "max_value": model[0].max_value_,
        "sharpen": "sharpen" in model.named_steps,
        **network.get_params(),
    }
    report = classification_report(data.y_test, predicted, digits=4, zero_division=0)
    title = f"skmnist report: {name}"
    parts = [
        f"<h1>{escape(title)}</h1>",
        _table(facts),
        *(_figure(caption, png) for caption, png in drawn),
        "<h2>Metrics per class</h2>",
        f"<pre>{escape(report)}</pre>",
        "<h2>Parameters</h2>",
        _table({key: repr(value) for key, value in settings.items()}),
    ]
    return f"""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>{escape(title)}</title>
<style>
{_STYLE}</style>
</head>
<body>
{chr(10).join(parts)}
</body>
</html>
"""


def _figure(caption, png):
    # The width in the PNG header: shown in print size, sharp on high-density screens.
    width = int.from_bytes(png[16:20], "big") * 96 // DPI
    return (
        f"<h2>{escape(caption)}</h2>\n"
        f'<figure><img width="{width}" alt="{escape(caption)}" '
        f'src="data:image/png;base64,{b64encode(png).decode()}"></figure>'
    )


def _table(cells):
    rows = (
        f"<tr><td>{escape(name)}</td><td>{escape(str(value))}</td></tr>"
        for name, value in cells.items()
    )
    return "<table>\n" + "\n".join(rows) + "\n</table>"
