import matplotlib.pyplot as plt

from skmnist._plot._png import DPI, to_png


def test_a_figure_becomes_a_file_and_is_closed():
    png = to_png(plt.figure(figsize=(2, 1)))

    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(png[16:20], "big") == 2 * DPI
    assert plt.get_fignums() == []
