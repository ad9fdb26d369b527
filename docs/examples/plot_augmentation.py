"""
Data augmentation: affine and elastic distortions
=================================================

``augmentation`` distorts every training image at random, anew in every epoch. The
network never sees the same image twice, overfits later, and generalizes better.
"""

# %%
# A sixth of MNIST, or scikit-learn's small digits without MNIST.
import numpy as np

from skmnist import PixelScaler
from skmnist.datasets import fetch_mnist, load_digits

try:
    data = fetch_mnist(download_if_missing=False)
except OSError:
    data = load_digits()
scaler = PixelScaler().fit(data.x_train)
x_train, y_train = scaler.transform(data.x_train[:10_000]), data.y_train[:10_000]
x_test, y_test = scaler.transform(data.x_test), data.y_test

# %%
# Distorted images
# ----------------
# :class:`~skmnist.ImageAugmentation` has the ranges, in degrees and pixels. ``sample``
# distorts each image once, as an epoch does; training needs no such call. The left
# column shows the originals.
from skmnist import DigitGridDisplay, ImageAugmentation

side = data.x_train.shape[1]
zoom = side / 28
augmentation = ImageAugmentation(
    rotation=15,
    scale=0.15,
    elastic_alpha=36 * zoom**2,
    elastic_sigma=5 * zoom,
    recenter=True,
)
rows = [x_train[:5]] + [augmentation.sample(x_train[:5], i) for i in range(4)]
images = np.stack(rows, axis=1).reshape(-1, side, side)
_ = DigitGridDisplay(images=images, title="originals, and four distortions").plot()

# %%
# These are the ranges of the preset "elastic". The preset "affine" has no elastic
# distortion.
#
# Training with and without augmentation
# --------------------------------------
# A fifth of the images is held out, and never distorted.
from skmnist import MLPDigitClassifier

EPOCHS = 40
models = {}
for name in None, "affine", "elastic":
    models[name] = MLPDigitClassifier(
        augmentation=name,
        dropout=0.1,
        learning_rate_schedule="linear",
        epochs=EPOCHS,
        early_stopping=True,
        n_iter_no_change=EPOCHS,
        validation_fraction=0.2,
        random_state=0,
    ).fit(x_train, y_train)
    print(f"{name!s:8} test accuracy {models[name].score(x_test, y_test):.4f}")

# %%
# Training accuracy is lower with augmentation, because distorted images are harder.
# Validation accuracy, on undistorted images, is higher.
import matplotlib.pyplot as plt

figure, axes = plt.subplots(1, 2, figsize=(9, 4), sharex=True, layout="constrained")
for name, model in models.items():
    for ax, key in zip(axes, ["accuracy", "val_accuracy"], strict=True):
        ax.plot(range(1, EPOCHS + 1), model.history_[key], label=str(name))
axes[0].set(title="training", ylim=(0.8, 1), ylabel="accuracy", xlabel="epoch")
axes[1].set(title="validation", ylim=(0.9, 1), xlabel="epoch")
_ = axes[1].legend(title="augmentation")

# %%
# Remaining mistakes
# ------------------
# The most confident mistakes on the test images, with their true labels.
_ = DigitGridDisplay.from_estimator(
    models["elastic"], x_test, y_test, mistakes_only=True, n_images=16
)
