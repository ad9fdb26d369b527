"""Figures as PNG files."""

from io import BytesIO

DPI = 144


def show_no_window():
    """Use matplotlib's backend without windows."""
    import matplotlib as mpl

    mpl.use("agg")


def to_png(figure):
    """Return a figure as the bytes of a PNG file, and close it."""
    import matplotlib.pyplot as plt

    stream = BytesIO()
    figure.savefig(stream, format="png", dpi=DPI)
    plt.close(figure)
    return stream.getvalue()
