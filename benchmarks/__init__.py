"""How fast skmnist is, and how right, beside its peers: ``python -m benchmarks``."""
