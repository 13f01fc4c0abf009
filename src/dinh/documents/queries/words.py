"""Words of letters, with or without diacritics; typed numbers and notations, whole or in part."""

from typing import Any

from django.contrib.postgres.search import (
    CombinedSearchQuery,
    SearchQuery,
    SearchQueryCombinable,
    SearchQueryField,
)
from django.db.models import Q, Value
from django.db.models.functions import Cast

from dinh.kernel.text import fold


class _Reader(SearchQueryCombinable, Cast):  # type: ignore[misc]
    """
    The letters that a unit has, by the index of words (`operations.indexing`).

    As it stands, not through `to_tsquery`: no word that anybody types can be read as a reader.
    """

    def __init__(self, unit_id: int) -> None:
        super().__init__(Value(f"'§{int(unit_id)}'"), SearchQueryField())


def text_query(words: str, *, reader: int) -> CombinedSearchQuery:
    """
    The words as the index of the letters' texts knows them, among the letters that a unit has.

    It narrows what the database looks at; what somebody may see is asked besides.

    :param reader: primary key of the unit
    """
    asked: Any = SearchQuery(fold(words), config="simple", search_type="websearch")
    found: CombinedSearchQuery = asked & _Reader(reader)
    return found


def with_words(words: str, *, reader: int, letter: str = "") -> Q:
    """
    Letters of a unit with these words in their text, or with them as a part of their number and notation.

    :param reader: primary key of the unit
    :param letter: path to the document, such as `document__`
    """
    found, code = Q(**{f"{letter}search_vector": text_query(words, reader=reader)}), fold(words)
    is_like_code = "/" in code or "-" in code
    return found | Q(**{f"{letter}code_key__contains": code}) if is_like_code else found
