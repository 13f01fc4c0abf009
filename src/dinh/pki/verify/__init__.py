"""Verdicts on signed PDFs: structure, mathematics, later changes, chain of trust, time."""
