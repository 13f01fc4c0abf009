"""
Law as dated data: the one way in which formats, forms, deadlines and codes follow the rules that set them.

A rule is a row with its article and its validity, never an `if` in code. Rows stand in TOML files beside the module
that applies them; a file of the same name in DINH_LAW_DIR adds rows, so that tomorrow's notice needs no release. Each
kind of rule is a `Lawbook` in `lawbooks`, by which the page of rules and the JSON API name what made a date or form so.
"""

import tomllib
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Generic, TypeVar

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.functional import Promise

from dinh.kernel.registry import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """
    One rule.

    :param source: the text and its article
    :param valid_from: the first day on which it holds
    :param valid_until: the first day on which it no longer does, None while no end is known
    :param confirmed: False if taken from practice and not yet compared with the text
    """

    source: str
    valid_from: date
    valid_until: date | None = None
    confirmed: bool = True

    def holds_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_until is None or day < self.valid_until)


R = TypeVar("R", bound=Rule)


def governing(rules: Iterable[R], *, on: date) -> R | None:
    """
    The one of several rules on the same matter that governs a day: of those that hold, the latest.

    What is older than the first rule known is read under that first rule. None after the last one's end.
    """
    eras = sorted(rules, key=lambda rule: rule.valid_from)
    holding = [rule for rule in eras if rule.holds_on(on)]
    if holding:
        return holding[-1]
    return eras[0] if eras and on < eras[0].valid_from else None


@dataclass(frozen=True, kw_only=True, eq=False)
class Lawbook(Generic[R]):
    """
    The rules of one kind, in the order in which they are shown.

    :param label: what they are about
    :param rules: all of them, of every era
    :param matter: what a rule is about; of the rules on one matter one governs a day
    :param title: words that tell a rule from the others
    """

    label: str | Promise
    rules: Callable[[], Sequence[R]]
    matter: Callable[[R], Hashable]
    title: Callable[[R], str]

    def on(self, day: date) -> tuple[R, ...]:
        """Of each matter the rule that governs a day."""
        return _governing_all(self, day)


@lru_cache(maxsize=1024)
def _governing_all(book: Lawbook[R], day: date) -> tuple[R, ...]:
    matters: dict[Hashable, list[R]] = {}
    for rule in book.rules():
        matters.setdefault(book.matter(rule), []).append(rule)
    found = (governing(eras, on=day) for eras in matters.values())
    return tuple(rule for rule in found if rule)


lawbooks: Registry[Lawbook[Any]] = Registry("lawbooks")


def law_rows(shipped: Path) -> dict[str, Any]:
    """
    The content of a file of rules, and of the file of its name in DINH_LAW_DIR; added tables come last.

    :raises ImproperlyConfigured: if the added file cannot be read
    """
    content = tomllib.loads(shipped.read_text(encoding="utf-8"))
    added = Path(settings.LAW_DIR) / shipped.name if settings.LAW_DIR else None
    if added is None or not added.exists():
        return content
    try:
        return _joined(content, tomllib.loads(added.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured(f"DINH_LAW_DIR: {added} cannot be read: {error}") from error


def _joined(content: Mapping[str, Any], added: Mapping[str, Any]) -> dict[str, Any]:
    joined = dict(content)
    for name, rows in added.items():
        if not isinstance(rows, list) or name not in content:
            raise ValueError(f"there are no rules called {name!r}")
        joined[name] = [*content[name], *rows]
    return joined
