"""
MNIST: training, evaluation, overfitting, dropout and L2
========================================================

The classic introduction to neural networks with scikit-learn's tools: data, network,
training, evaluation, and regularization against overfitting.
"""

# %%
# The data
# --------
# 70,000 images of handwritten digits. Without MNIST,
# :func:`~skmnist.datasets.load_digits` has 1,797 smaller ones.
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
# :class:`~skmnist.PixelScaler` flattens the images and scales them to [0, 1]. The
# defaults of :class:`~skmnist.MLPDigitClassifier` are two hidden layers of 256 units
# with ReLU and dropout, and a softmax over ten digits.
from sklearn.pipeline import make_pipeline

from skmnist import MLPDigitClassifier, PixelScaler

model = make_pipeline(PixelScaler(), MLPDigitClassifier(random_state=0))
model

# %%
# Training
# --------
# 20 epochs of Adam. The training metrics are worse than the test metrics below, because
# dropout is active while they are measured.
import matplotlib.pyplot as plt

from skmnist import TrainingCurveDisplay

model.fit(data.x_train, data.y_train)
_, axes = plt.subplots(2, figsize=(6, 6), layout="constrained")
_ = TrainingCurveDisplay.from_estimator(model, ax=axes)

# %%
# ``to_keras`` returns the trained network as a Keras model. Its summary counts the
# parameters.
model[-1].to_keras().summary(line_length=72)

# %%
# Evaluation
# ----------
from sklearn.metrics import ConfusionMatrixDisplay, classification_report

predicted = model.predict(data.x_test)
print(classification_report(data.y_test, predicted, digits=4))

# %%
# The confusion matrix:
_ = ConfusionMatrixDisplay.from_predictions(
    data.y_test, predicted, cmap="Blues", colorbar=False
)

# %%
# The most confident mistakes:
_ = DigitGridDisplay.from_estimator(
    model, data.x_test, data.y_test, mistakes_only=True, n_images=16
)

# %%
# Overfitting
# -----------
# Overfitting shows with few images: 5,000, of which a tenth is held out. Without
# dropout and L2 the network soon memorizes the training images: the training loss goes
# to zero, while the validation loss rises again.
#
# ``early_stopping`` holds the images out; a patience of all epochs disables the stop.
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
# Both losses include the L2 penalty.
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
# Accuracy on training and test images:
print(f"{'regularization':24}{'training':>10}{'test':>10}  accuracy")
for name, each in fitted.items():
    training = each.score(data.x_train[:5000], data.y_train[:5000])
    test = each.score(data.x_test, data.y_test)
    print(f"{name:24}{training:10.4f}{test:10.4f}")

# %%
# All four networks have the weights of the epoch with the lowest validation loss,
# because early stopping restores them.
# sphinx_gallery_thumbnail_number = 5
