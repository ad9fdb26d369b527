"""Full MNIST, 20 epochs: mean test accuracy over some seeds.

The project's default network beside scikit-learn's, both with batches of 128. Fails
if the mean of skmnist is below 98.2 %.
"""

from .._harness.fits import chosen, fit_jobs
from .._harness.worker import take_turns, workers

CHOICES = ("skmnist", "sklearn")
OPTIONS = {
    "seeds": (3, 1, "fits of each contender"),
    "epochs": (20, 1, "epochs of a fit"),
    "rows": (60_000, 2000, "images to train on"),
}
_AT_LEAST = 98.2


def run(report, only, seeds, epochs, rows):
    jobs = fit_jobs(chosen(CHOICES, only, report), "mnist", rows)
    with workers(jobs) as crew:
        take_turns(crew, 1, 1)
        turns, threads = take_turns(crew, seeds, epochs)
    table = report.table(f"MNIST, {rows} images, {epochs} epochs: seconds per fit")
    for key, job in jobs.items():
        table.add(key, job.label, turns[key], threads=threads[key])
        each = ", ".join(f"{100 * turn.accuracy:.2f} %" for turn in turns[key])
        report.note(f"{job.label}, seeds 0 to {seeds - 1}: {each}")
    table.relate("x skmnist", "skmnist")
    mean = table.accuracy("skmnist")
    table.target("skmnist", "accuracy %", mean, at_least=_AT_LEAST)
    table.score_target("skmnist", "sklearn")
    if mean is not None and mean < _AT_LEAST:
        report.fail(f"mean accuracy {mean:.2f} %, below {_AT_LEAST} %")
