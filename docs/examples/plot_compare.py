"""
Comparison with scikit-learn's MLPClassifier
============================================

Both train the same network: layers, activation, optimizer, learning rate, batch size
and epochs. :class:`~skmnist.MLPDigitClassifier` trains with its dropout, and without it
for a fair comparison of the time.
"""

# %%
# A third of MNIST, or scikit-learn's small digits without MNIST.
from skmnist.datasets import fetch_mnist, load_digits

try:
    data = fetch_mnist(download_if_missing=False)
except OSError:
    data = load_digits()
x_train, y_train = data.x_train[:20_000], data.y_train[:20_000]

# %%
# ``n_iter_no_change`` keeps ``MLPClassifier`` from stopping early, so that all train
# for as many epochs; it warns that they may be too few. Its ``alpha`` and ``l2`` are
# scaled differently: see :doc:`/migration/mlpclassifier`. One BLAS thread is as fast as
# two for its small matrices.
import warnings

from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from skmnist import MLPDigitClassifier

EPOCHS = 20
contenders = {
    "skmnist, dropout 0.45": MLPDigitClassifier(epochs=EPOCHS, random_state=0),
    "skmnist, no dropout": MLPDigitClassifier(dropout=0, epochs=EPOCHS, random_state=0),
    "MLPClassifier": MLPClassifier(
        (256, 256),
        alpha=0,
        batch_size=128,
        max_iter=EPOCHS,
        n_iter_no_change=EPOCHS,
        random_state=0,
    ),
}

# %%
# The first fit of a process imports TensorFlow and compiles the loop, once. One epoch
# beforehand leaves this out of the comparison.
import time

from sklearn.pipeline import make_pipeline

from skmnist import PixelScaler

make_pipeline(PixelScaler(), MLPDigitClassifier(epochs=1)).fit(x_train, y_train)

results = {}
for name, estimator in contenders.items():
    model = make_pipeline(PixelScaler(), estimator)
    start = time.perf_counter()
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(x_train, y_train)
    seconds = time.perf_counter() - start
    start = time.perf_counter()
    accuracy = model.score(data.x_test, data.y_test)
    results[name] = accuracy, seconds, time.perf_counter() - start

print(f"{'':24}accuracy    fit, s  predict, s")
for name, (accuracy, seconds, predict) in results.items():
    print(f"{name:24}{accuracy:8.4f}{seconds:10.1f}{predict:12.3f}")

# %%
# One seed and one run on the machine that built this page: the ratio of the times and
# the second digit of the accuracy may differ elsewhere. ``python -m benchmarks``
# measures both with repetitions.
import matplotlib.pyplot as plt

figure, (left, right) = plt.subplots(
    1, 2, figsize=(8, 2.6), sharey=True, layout="constrained"
)
names = list(results)[::-1]
colors = ["tab:gray", "tab:cyan", "tab:blue"]
errors = [100 * (1 - results[name][0]) for name in names]
times = [results[name][1] for name in names]
left.bar_label(left.barh(names, errors, color=colors), fmt="%.2f", padding=3)
left.set(xlabel="wrong test images in %", xlim=(0, 1.2 * max(errors)))
right.bar_label(right.barh(names, times, color=colors), fmt="%.1f", padding=3)
_ = right.set(xlabel=f"seconds for {EPOCHS} epochs", xlim=(0, 1.2 * max(times)))
