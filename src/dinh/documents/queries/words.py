"""Words of letters, with or without diacritics; typed numbers and notations, whole or in part."""

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q

from dinh.kernel.text import fold


def text_query(words: str) -> SearchQuery:
    """The words as the index of the letters' texts knows them."""
    return SearchQuery(fold(words), config="simple", search_type="websearch")


def with_words(words: str, *, letter: str = "") -> Q:
    """
    Letters with these words in their text, or with them as a part of their number and notation.

    :param letter: path to the document, such as `document__`
    """
    found, code = Q(**{f"{letter}search_vector": text_query(words)}), fold(words)
    is_like_code = "/" in code or "-" in code
    return found | Q(**{f"{letter}code_key__contains": code}) if is_like_code else found
