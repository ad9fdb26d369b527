"""
Finding label errors
====================

A label with a low out-of-fold probability may be wrong. First with errors that were put
in, to measure how well this works; then with the original labels.
"""

# %%
import numpy as np

from skmnist.datasets import fetch_mnist, load_digits

try:
    data = fetch_mnist(download_if_missing=False)
except OSError:
    data = load_digits()
x, y = data.x_train[:15_000], data.y_train[:15_000]

# %%
# Artificial label errors
# -----------------------
# Every fiftieth label is replaced by another one.
rng = np.random.default_rng(0)
wrong = np.arange(len(y)) % 50 == 0
y_noisy = y.copy()
y_noisy[wrong] = (y[wrong] + rng.integers(1, 10, wrong.sum())) % 10
print(f"{wrong.sum()} wrong labels of {len(y):,}")

# %%
# ``cross_val_predict`` returns out-of-fold probabilities: those of a network trained
# without the image. The less probable the label, the more suspect it is.
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline

from skmnist import MLPDigitClassifier, PixelScaler

model = make_pipeline(PixelScaler(), MLPDigitClassifier(random_state=0))
probability = cross_val_predict(model, x, y_noisy, cv=3, method="predict_proba")
suspicion = 1 - probability[np.arange(len(y)), y_noisy]

most = np.argsort(-suspicion)[: wrong.sum()]
print(f"of the {len(most)} most suspect labels {wrong[most].mean():.0%} are wrong")

# %%
# Checking labels in this order finds nearly all errors early:
import matplotlib.pyplot as plt
from sklearn.metrics import PrecisionRecallDisplay

display = PrecisionRecallDisplay.from_predictions(wrong, suspicion, name="network")
_ = display.ax_.set(
    xlabel="recall: share of the wrong labels found",
    ylabel="precision: share of suspect labels wrong",
)

# %%
# Errors in the original labels
# -----------------------------
# The same with the published labels. Some of these images are hard to read, some labels
# are wrong, and some are mistakes of the network.
from skmnist import DigitGridDisplay

probability = cross_val_predict(model, x, y, cv=3, method="predict_proba")
predicted = probability.argmax(axis=1)
display = DigitGridDisplay.from_predictions(
    x,
    y,
    y_pred=predicted,
    y_proba=probability.max(axis=1),
    mistakes_only=True,
    n_images=12,
)
plt.show()
print("rows of the training images:", display.indices)
# sphinx_gallery_thumbnail_number = 2
