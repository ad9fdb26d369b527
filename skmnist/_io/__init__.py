"""Estimators to files and back; files written whole, and read with distrust."""
