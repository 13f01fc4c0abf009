"""Compiles the translations: every `locale/*/LC_MESSAGES/django.po` to a `.mo` beside it, in pure Python."""

import os
import sys
from pathlib import Path

import polib


def compile_messages() -> int:
    """
    Compile what is missing or older than its source; several processes may do so at once.

    :returns: how many files were compiled
    """
    package = Path(__file__).resolve().parents[1]
    sources = sorted(package.glob("*/locale/*/LC_MESSAGES/*.po"))
    return sum(_compile(source) for source in sources)


def _compile(source: Path) -> bool:
    target = source.with_suffix(".mo")
    if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
        return False
    fresh = target.with_suffix(f".{os.getpid()}.tmp")
    polib.pofile(str(source), encoding="utf-8").save_as_mofile(str(fresh))
    fresh.replace(target)
    return True


if __name__ == "__main__":
    sys.stdout.write(f"{compile_messages()} translations compiled\n")
