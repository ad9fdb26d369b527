"""
Class weights for imbalanced data
=================================

A network rarely predicts a class that is rare in training. ``class_weight="balanced"``
gives each class the same weight in the loss, which scikit-learn's ``MLPClassifier``
cannot do.
"""

# %%
# Keep every fiftieth nine, and all other digits.
import numpy as np

from skmnist.datasets import fetch_mnist, load_digits

try:
    data = fetch_mnist(download_if_missing=False)
except OSError:
    data = load_digits()

x_train, y_train = data.x_train[:10_000], data.y_train[:10_000]
nines = np.flatnonzero(y_train == 9)
rows = np.setdiff1d(np.arange(len(y_train)), np.delete(nines, slice(None, None, 50)))
x_train, y_train = x_train[rows], y_train[rows]
print("training images per digit", np.bincount(y_train))
print("test images per digit    ", np.bincount(data.y_test))

# %%
# Three seeds each, because results vary with so few nines.
from sklearn.metrics import balanced_accuracy_score, precision_score, recall_score
from sklearn.pipeline import make_pipeline

from skmnist import MLPDigitClassifier, PixelScaler

SEEDS = range(3)
recalls = {}
print(f"{'class_weight':14}{'recall of 9':>13}{'precision of 9':>16}", end="")
print(f"{'balanced accuracy':>19}")
for class_weight in (None, "balanced"):
    scores = []
    recalls[class_weight] = np.zeros(10)
    for seed in SEEDS:
        mlp = MLPDigitClassifier(class_weight=class_weight, random_state=seed)
        predicted = (
            make_pipeline(PixelScaler(), mlp).fit(x_train, y_train).predict(data.x_test)
        )
        recall = recall_score(data.y_test, predicted, average=None)
        precision = precision_score(
            data.y_test, predicted, average=None, zero_division=0
        )
        balanced = balanced_accuracy_score(data.y_test, predicted)
        scores.append((recall[9], precision[9], balanced))
        recalls[class_weight] += recall / len(SEEDS)
    recall, precision, balanced = np.mean(scores, axis=0)
    print(f"{class_weight!s:14}{recall:13.3f}{precision:16.3f}{balanced:19.3f}")

# %%
# The rare digit gains far more than the others lose, of which the similar 4 loses most.
import matplotlib.pyplot as plt

figure, ax = plt.subplots(figsize=(7, 3.2), layout="constrained")
digits = np.arange(10)
ax.bar(digits - 0.2, recalls[None], 0.4, label="None")
ax.bar(digits + 0.2, recalls["balanced"], 0.4, label='"balanced"', hatch="//")
ax.set(xlabel="digit", ylabel="recall on test images", xticks=digits, ylim=(0, 1.05))
_ = ax.legend(title="class_weight", loc="upper left", bbox_to_anchor=(1, 1))

# %%
# A dict sets weights by hand: ``class_weight={9: 20}``. A ``sample_weight`` given to
# ``fit`` is multiplied with them.
