# Copyright (c) 2026, the skmnist developers
# SPDX-License-Identifier: BSD-3-Clause
"""Estimators to files and back; files written whole, and read with distrust."""
