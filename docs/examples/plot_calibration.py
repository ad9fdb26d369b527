"""
Probability calibration with temperature scaling
================================================

Of all predictions with a probability of 90 %, nine in ten should be correct. A network
trained for long on few images is overconfident, with and without dropout.
scikit-learn's ``CalibratedClassifierCV`` calibrates it like any other classifier.
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
# Temperature scaling divides the logits by one number, found by cross-validation. It
# changes the probabilities of a network, but not its predictions.
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
# The reliability diagram compares the probability of the predicted digit with the share
# of correct predictions. Below the dotted line a network is overconfident.
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
    correct = model.classes_[probability.argmax(axis=1)] == y_test
    loss = log_loss(y_test, probability.astype("float32"))  # sums to 1 as such
    print(f"{name:26}{correct.mean():8.4f}{loss:10.4f}{confidence.mean():18.4f}")
    CalibrationDisplay.from_predictions(
        correct,
        confidence,
        n_bins=8,
        strategy="uniform",
        name=name,
        ax=ax,
        marker=marker,
    )
_ = ax.set(
    xlabel="probability of the predicted digit",
    ylabel="share of correct predictions",
    xlim=(0, 1.02),
    ylim=(0, 1.02),
)

# %%
# Points with few images are uncertain. Most images have a probability near 1.
figure, ax = plt.subplots(figsize=(6, 2.6), layout="constrained")
ax.hist(confidence, bins=np.linspace(0, 1, 21), color="tab:green", log=True)
_ = ax.set(
    xlabel="probability of the predicted digit",
    ylabel="test images",
    title="no dropout, temperature",
)
