"""
Stacking with other classifiers
===============================

``StackingClassifier`` trains a logistic regression on the out-of-fold probabilities of
several classifiers. The network is a member like any other classifier.
"""

# %%
from skmnist.datasets import fetch_mnist, load_digits

try:
    data = fetch_mnist(download_if_missing=False)
except OSError:
    data = load_digits()

x_train = data.x_train[:5000].reshape(-1, data.x_train[0].size)
x_test = data.x_test.reshape(len(data.x_test), -1)
y_train, y_test = data.y_train[:5000], data.y_test

# %%
from sklearn.ensemble import ExtraTreesClassifier, StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from skmnist import MLPDigitClassifier, PixelScaler

members = {
    "network": make_pipeline(PixelScaler(), MLPDigitClassifier(random_state=0)),
    "trees": ExtraTreesClassifier(random_state=0),
    "neighbors": KNeighborsClassifier(weights="distance"),
}
stack = StackingClassifier(
    list(members.items()), final_estimator=LogisticRegression(max_iter=1000), cv=3
)
stack

# %%
stack.fit(x_train, y_train)
accuracy = {
    name: (member.predict(x_test) == y_test).mean()
    for name, member in stack.named_estimators_.items()
}
accuracy["all three, stacked"] = stack.score(x_test, y_test)
for name, value in accuracy.items():
    print(f"{name:20}{value:.4f}")

# %%
import matplotlib.pyplot as plt

figure, ax = plt.subplots(figsize=(7, 2.6), layout="constrained")
errors = [100 * (1 - value) for value in accuracy.values()]
bars = ax.barh(list(accuracy), errors, color=["tab:gray"] * 3 + ["tab:blue"])
ax.bar_label(bars, fmt="%.2f", padding=3)
ax.invert_yaxis()
_ = ax.set(xlabel="wrong test images in %", xlim=(0, 1.15 * max(errors)))
