"""A small PDF reader and writer of incremental updates, bounded in time and memory (ISO 32000-2, 7)."""
