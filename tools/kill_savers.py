"""Kill processes that save over a model: python tools/kill_savers.py --kills 200.

Each process saves two models in turn over one file, and is killed with SIGKILL at a
random moment. The file must be one of the two, whole.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

import skmnist


def large_model(value):
    """Make a scaler that takes some megabytes, so that writing it takes a moment."""
    scaler = skmnist.PixelScaler().fit(np.full((1, 500_000), value))
    scaler.feature_names_in_ = np.full(500_000, "name", "<U4")
    return scaler


def save_for_ever(models, path):
    while True:
        for model in models:
            skmnist.save(model, path)


def kill_some(n_kills, seed=0):
    """Count which model was in the file, and the temporary files left behind."""
    chance = random.Random(seed)
    found = Counter()
    models = [large_model(1), large_model(2)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.skops")
        skmnist.save(models[0], path)
        for _ in range(n_kills):
            child = os.fork()  # it has imported everything
            if child == 0:
                save_for_ever(models, path)
            time.sleep(chance.uniform(0, 0.5))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            try:
                value = skmnist.load(path).max_value_
                found[f"model {value:g}, whole"] += 1
            except Exception as error:
                found[repr(error)] += 1
        temporary = Path(folder).glob(".skmnist-*.tmp")
        found["killed while writing"] = len(list(temporary))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    found = kill_some(parser.parse_args().kills)
    for what, count in found.items():
        print(f"{what:20} {count:4}")
    good = {"model 1, whole", "model 2, whole", "killed while writing"}
    return 1 if found.keys() - good else 0


if __name__ == "__main__":
    sys.exit(main())
