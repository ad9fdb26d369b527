"""The version, in one place, for the package and for those that build it."""

__version__ = "0.1.0"
