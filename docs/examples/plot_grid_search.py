"""
Grid search over hidden units, dropout and L2
=============================================

``GridSearchCV`` takes the pipeline like any other estimator. All 36 fits share two
compiled training loops, one with the L2 penalty and one without.
"""

# %%
# A part of MNIST, or scikit-learn's small digits without MNIST.
from skmnist.datasets import fetch_mnist, load_digits

try:
    data = fetch_mnist(download_if_missing=False)
except OSError:
    data = load_digits()
x_train, y_train = data.x_train[:6000], data.y_train[:6000]

# %%
# The names are those of the pipeline's steps and their parameters.
import time

from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skmnist import MLPDigitClassifier, PixelScaler

search = GridSearchCV(
    make_pipeline(PixelScaler(), MLPDigitClassifier(epochs=10, random_state=0)),
    {
        "mlpdigitclassifier__hidden_units": [64, 128, 256],
        "mlpdigitclassifier__dropout": [0.2, 0.45],
        "mlpdigitclassifier__l2": [0, 1e-3],
    },
    cv=3,
)
start = time.perf_counter()
search.fit(x_train, y_train)
print(f"36 fits and one more of the best: {time.perf_counter() - start:.0f} s")

# %%
# One heat map for each value of the third parameter; the best cell is framed.
from skmnist import GridSearchDisplay

_ = GridSearchDisplay.from_estimator(search, params=["hidden_units", "dropout", "l2"])

# %%
# The search refits the best candidate on all images, and is itself a classifier:
for name, value in search.best_params_.items():
    print(f"{name:34}{value}")
print(f"accuracy in cross-validation {search.best_score_:.4f}")
print(f"accuracy on the test images  {search.score(data.x_test, data.y_test):.4f}")

# %%
# The same from the command line, with a progress bar:
# ``skmnist tune --data mnist --model best.skops --plot search.png``.
