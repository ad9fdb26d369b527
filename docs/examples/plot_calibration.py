"""
Can the probabilities be believed?
==================================

Of all images that a network reads with 90 %, nine of ten should be read right. Without
dropout, and trained for long on few images, it is too sure of itself; dropout alone
does not change that much. scikit-learn's ``CalibratedClassifierCV`` does, for this
network as for any other classifier.
"""

# %%
from skmnist.datasets import fetch_mnist, load_digits

try:
    data = fetch_mnist(download_if_missing=False)
except OSError:
    data = load_digits(test_size=0.7)
x_train = data.x_train[:3000].reshape(-1, data.x_train[0].size)
x_test = data.x_test.reshape(len(data.x_test), -1)
y_train, y_test = data.y_train[:3000], data.y_test

# %%
# Temperature scaling divides the logits by one number, found by cross-validation; it
# changes no prediction of a network, only how sure it is.
from sklearn.calibration import CalibratedClassifierCV
from sklearn.pipeline import make_pipeline

from skmnist import MLPDigitClassifier, PixelScaler


def network(dropout):
    mlp = MLPDigitClassifier(dropout=dropout, epochs=40, random_state=0)
    return make_pipeline(PixelScaler(), mlp)


models = {
    "no dropout": network(0.0),
    "dropout 0.45": network(0.45),
    "no dropout, temperature": CalibratedClassifierCV(
        network(0.0), method="temperature", cv=3, ensemble=False
    ),
}

# %%
# What counts is the probability of the digit that is predicted, and whether it is the
# right one. Below the dotted line a network is too sure.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.calibration import CalibrationDisplay
from sklearn.metrics import log_loss

figure, ax = plt.subplots(figsize=(6, 5), layout="constrained")
print(f"{'':26}accuracy  log loss  mean probability")
for (name, model), marker in zip(models.items(), "osD", strict=True):
    model.fit(x_train, y_train)
    probability = model.predict_proba(x_test)
    confidence = probability.max(axis=1)
    right = model.classes_[probability.argmax(axis=1)] == y_test
    loss = log_loss(y_test, probability.astype("float32"))  # sums to 1 as such
    print(f"{name:26}{right.mean():8.4f}{loss:10.4f}{confidence.mean():18.4f}")
    CalibrationDisplay.from_predictions(
        right, confidence, n_bins=8, strategy="uniform", name=name, ax=ax, marker=marker
    )
_ = ax.set(
    xlabel="probability of the predicted digit",
    ylabel="share of right predictions",
    xlim=(0, 1.02),
    ylim=(0, 1.02),
)

# %%
# The fewer images a point stands for, the less sure it is. Most of them are at the
# right: the network is sure nearly always.
figure, ax = plt.subplots(figsize=(6, 2.6), layout="constrained")
ax.hist(confidence, bins=np.linspace(0, 1, 21), color="tab:green", log=True)
_ = ax.set(
    xlabel="probability of the predicted digit",
    ylabel="test images",
    title="no dropout, temperature",
)
