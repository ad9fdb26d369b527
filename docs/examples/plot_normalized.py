"""
Digits upright, and of usual widths
===================================

Slant and width are habits of a writer. A network can learn from many digits that they
do not matter; or :class:`~skmnist.DigitNormalizer` takes them away, and a few digits
teach as much as many did.
"""

# %%
# MNIST, or scikit-learn's small digits where MNIST is not at hand.
from skmnist import DigitGridDisplay, DigitNormalizer
from skmnist.datasets import fetch_mnist, load_digits

try:
    data = fetch_mnist(download_if_missing=False)
except OSError:
    data = load_digits()

# %%
# Three ways to normalize
# -----------------------
# Pixels are framed like MNIST's in any case. ``deslant`` shears slanted digits until
# they stand upright, and ``moment_power=0.5`` takes half of what is unusual in their
# height and width away. Each digit is shown three times: framed, upright, stretched.
import numpy as np

normalizers = {
    "framed": DigitNormalizer(),
    "upright": DigitNormalizer(deslant=True),
    "upright, stretched": DigitNormalizer(deslant=True, moment_power=0.5),
}
x_train, x_test = (
    {name: normalizer.fit_transform(x) for name, normalizer in normalizers.items()}
    for x in (data.x_train, data.x_test)
)
images = np.stack([x[:12] for x in x_train.values()], axis=1).reshape(-1, 28, 28)
_ = DigitGridDisplay(images=images, title=" | ".join(normalizers)).plot()

# %%
# How many digits a network needs
# -------------------------------
# The same network for each, trained on more and more of the digits.
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
