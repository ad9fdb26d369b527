# Copyright (c) 2026, the skmnist developers
# SPDX-License-Identifier: BSD-3-Clause
"""``python -m skmnist`` is the command ``skmnist``."""

import sys

from ._cli import main

sys.exit(main())
