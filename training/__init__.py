"""Synthetic words and pages, readers of real data, training loops, export of weights."""
