"""
The classic MNIST walk
======================

Data, 25 samples, the network, its training, its test, and what dropout and L2 do
against over-fitting: the tour that every introduction to neural networks makes, with
scikit-learn's tools.
"""

# %%
# The data
# --------
# 70,000 images of handwritten digits. Where MNIST is not at hand,
# :func:`~skmnist.datasets.load_digits` stands in: 1,797 smaller ones.
import numpy as np

from skmnist.datasets import fetch_mnist, load_digits

try:
    data = fetch_mnist(download_if_missing=False)
except OSError:
    data = load_digits()

print("training images", data.x_train.shape, data.x_train.dtype)
print("test images    ", data.x_test.shape, data.x_test.dtype)
print("images per digit", np.bincount(data.y_train))

# %%
# 25 samples, drawn at random:
from skmnist import DigitGridDisplay

_ = DigitGridDisplay.from_predictions(data.x_train, data.y_train, random_state=0)

# %%
# The network
# -----------
# :class:`~skmnist.PixelScaler` makes rows in [0, 1] of the images. Two hidden layers
# of 256 units with ReLU, each followed by dropout, and a softmax over ten digits are
# the defaults of :class:`~skmnist.MLPDigitClassifier`.
from sklearn.pipeline import make_pipeline

from skmnist import MLPDigitClassifier, PixelScaler

model = make_pipeline(PixelScaler(), MLPDigitClassifier(random_state=0))
model

# %%
# Training
# --------
# 20 epochs of Adam. The training figures are worse than those of the test below,
# because dropout is at work while they are measured.
import matplotlib.pyplot as plt

from skmnist import TrainingCurveDisplay

model.fit(data.x_train, data.y_train)
_, axes = plt.subplots(2, figsize=(6, 6), layout="constrained")
_ = TrainingCurveDisplay.from_estimator(model, ax=axes)

# %%
# The trained network is an ordinary Keras model, for those who want one. Its summary
# counts the parameters.
model[-1].to_keras().summary(line_length=72)

# %%
# Evaluation
# ----------
from sklearn.metrics import ConfusionMatrixDisplay, classification_report

predicted = model.predict(data.x_test)
print(classification_report(data.y_test, predicted, digits=4))

# %%
# Which digit is taken for which other one?
_ = ConfusionMatrixDisplay.from_predictions(
    data.y_test, predicted, cmap="Blues", colorbar=False
)

# %%
# The mistakes that the network is most sure of:
_ = DigitGridDisplay.from_estimator(
    model, data.x_test, data.y_test, mistakes_only=True, n_images=16
)

# %%
# Over-fitting
# ------------
# Fewer images make it plain: 5,000, of which every tenth is held out. Without dropout
# and L2 the network soon knows all training images by heart: their loss goes to zero,
# while the loss on the held-out ones turns and rises.
#
# `early_stopping` holds the images out; a patience as long as the training lets it go
# on to the end.
EPOCHS = 40
variants = {
    "nothing": {"dropout": 0.0, "l2": 0.0},
    "dropout 0.45": {"dropout": 0.45, "l2": 0.0},
    "L2 0.0005": {"dropout": 0.0, "l2": 5e-4},
    "dropout 0.2, L2 0.0001": {"dropout": 0.2, "l2": 1e-4},
}
fitted = {}
for name, parameters in variants.items():
    mlp = MLPDigitClassifier(
        epochs=EPOCHS,
        early_stopping=True,
        n_iter_no_change=EPOCHS,
        random_state=0,
        **parameters,
    )
    fitted[name] = make_pipeline(PixelScaler(), mlp)
    fitted[name].fit(data.x_train[:5000], data.y_train[:5000])

# %%
# Both losses hold the L2 penalty, where there is one.
figure, axes = plt.subplots(
    2, 2, figsize=(6.5, 5.5), sharex=True, sharey=True, layout="constrained"
)
for ax, (name, each) in zip(axes.ravel(), fitted.items(), strict=True):
    history = each[-1].history_
    epochs = range(1, EPOCHS + 1)
    ax.plot(epochs, history["loss"], label="training")
    ax.plot(epochs, history["val_loss"], "--", label="validation")
    ax.set(title=name, ylim=(0, 0.6))
axes[0, 0].legend()
figure.supxlabel("epoch")
_ = figure.supylabel("loss")

# %%
# In the end only the images count that no training saw:
print(f"{'against over-fitting':24}{'training':>10}{'test':>10}  accuracy")
for name, each in fitted.items():
    training = each.score(data.x_train[:5000], data.y_train[:5000])
    test = each.score(data.x_test, data.y_test)
    print(f"{name:24}{training:10.4f}{test:10.4f}")

# %%
# The weights kept are those of the epoch with the least validation loss: early
# stopping is a remedy of its own, and here it is at work in all four.
# sphinx_gallery_thumbnail_number = 1
