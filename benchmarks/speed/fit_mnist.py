"""MNIST: seconds per epoch, beside the matrix products alone.

The network 784-256-256-10 with batches of 128, a fit of some epochs a turn. All
contenders have all cores but where one thread is written; the inputs are float32, in
which scikit-learn trains in single precision too.
"""

from .._harness.contenders import CONTENDERS
from .._harness.fits import bounded_jobs, chosen
from .._harness.machine import usable_cores
from .._harness.worker import take_turns, workers

CHOICES = tuple(CONTENDERS)
OPTIONS = {
    "rounds": (5, 1, "turns of each contender"),
    "epochs": (10, 1, "epochs per turn"),
    "rows": (60_000, 2000, "images to train on"),
}


def run(report, only, rounds, epochs, rows):
    jobs = bounded_jobs(chosen(CHOICES, only, report), "mnist", rows)
    with workers(jobs) as crew:
        take_turns(crew, 1, 1)
        turns, threads = take_turns(crew, rounds, epochs)
    table = report.table(f"MNIST, {rows} images: seconds per epoch of {epochs}")
    for key, job in jobs.items():
        table.add(key, job.label, turns[key], threads=threads[key], per=epochs)
    cores = usable_cores()
    table.relate("x floor, 1 thread", "floor-1")
    table.relate(f"x floor, {cores} threads", f"floor-{cores}")
    table.relate("x skmnist", "skmnist")
    for key, floor in (("skmnist-1", "floor-1"), ("skmnist", f"floor-{cores}")):
        table.target(key, f"x {floor}", table.ratio(key, floor), at_most=1.1)
    for key, times in (("sklearn", 2.5), ("keras", 4)):
        ratio = table.ratio(key, "skmnist")
        table.target(key, "x skmnist", ratio, at_least=times)
    table.score_target("skmnist", "keras")
    table.score_target("skmnist-plain", "sklearn")
