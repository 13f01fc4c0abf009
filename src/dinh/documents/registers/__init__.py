"""Registers on paper and in Excel: books printed and exported, old ones read."""
