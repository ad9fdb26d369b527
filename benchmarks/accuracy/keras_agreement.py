"""Digits: mean test accuracies of skmnist and plain Keras agree over some seeds.

The same network, trained by skmnist and by ``keras.Model.fit``. Fails if the means
differ by more than twice the standard error of their difference, which happens to one
in twenty pairs of equals.
"""

from math import sqrt
from statistics import variance

from .._harness.fits import fit_jobs
from .._harness.worker import take_turns, workers

OPTIONS = {
    "seeds": (10, 2, "fits of each of the two"),
    "epochs": (20, 1, "epochs of a fit"),
}


def run(report, seeds, epochs):
    jobs = fit_jobs(("skmnist", "keras"), "digits")
    with workers(jobs) as crew:
        take_turns(crew, 1, 1)
        turns, threads = take_turns(crew, seeds, epochs)
    table = report.table(f"Digits, {epochs} epochs, {seeds} seeds: seconds per fit")
    for key, job in jobs.items():
        table.add(key, job.label, turns[key], threads=threads[key])
    table.relate("x skmnist", "skmnist")
    difference = table.accuracy("skmnist") - table.accuracy("keras")
    spread = [
        variance([100 * turn.accuracy for turn in turns[key]]) / seeds for key in jobs
    ]
    bound = 2 * sqrt(sum(spread))
    table.target(
        "skmnist", "points of difference to Keras", abs(difference), at_most=bound
    )
    report.note(
        f"difference {difference:+.2f} points, twice its standard error {bound:.2f}"
    )
    if abs(difference) > bound:
        report.fail("the mean accuracies disagree")
