"""
Deslanting and moment normalization
===================================

Slant and width of digits differ from writer to writer.
:class:`~skmnist.DigitNormalizer` removes these differences, so that a network needs
fewer training digits.
"""

# %%
# MNIST, or scikit-learn's small digits without MNIST.
from skmnist import DigitGridDisplay, DigitNormalizer
from skmnist.datasets import fetch_mnist, load_digits

try:
    data = fetch_mnist(download_if_missing=False)
except OSError:
    data = load_digits()

# %%
# Three ways to normalize
# -----------------------
# All digits are framed like MNIST's. ``deslant`` shears digits until their axis is
# vertical, and ``moment_power=0.5`` halves the deviations of height and width from
# MNIST's mean. Each digit is shown three times: framed, deslanted, moments normalized.
import numpy as np

normalizers = {
    "framed": DigitNormalizer(),
    "deslanted": DigitNormalizer(deslant=True),
    "moments normalized": DigitNormalizer(deslant=True, moment_power=0.5),
}
x_train, x_test = (
    {name: normalizer.fit_transform(x) for name, normalizer in normalizers.items()}
    for x in (data.x_train, data.x_test)
)
images = np.stack([x[:12] for x in x_train.values()], axis=1).reshape(-1, 28, 28)
_ = DigitGridDisplay(images=images, title=" | ".join(normalizers)).plot()

# %%
# Learning curve
# --------------
# The same network, trained on more and more of the digits.
import matplotlib.pyplot as plt
from sklearn.pipeline import make_pipeline

from skmnist import MLPDigitClassifier, PixelScaler

sizes = [n for n in (300, 1000, 3000, 10_000) if n <= len(data.y_train)]
model = make_pipeline(
    PixelScaler(max_value=255), MLPDigitClassifier(epochs=30, random_state=0)
)
_, ax = plt.subplots(layout="constrained")
for name in normalizers:
    scores = [
        model.fit(x_train[name][:n], data.y_train[:n]).score(x_test[name], data.y_test)
        for n in sizes
    ]
    print(f"{name:18}", *(f"{100 * score:6.2f}" for score in scores))
    ax.plot(sizes, scores, marker="o", label=name)
ax.set(xscale="log", xlabel="training digits", ylabel="test accuracy")
ax.set_xticks(sizes, [f"{n:,}" for n in sizes])
ax.minorticks_off()
_ = ax.legend()
