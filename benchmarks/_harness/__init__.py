"""What the benchmarks share: contenders, data, clocks and reports."""
