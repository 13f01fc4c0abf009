"""Words of letters, with or without diacritics; typed numbers and notations, whole or in part."""

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q, Value

from dinh.kernel.text import fold


class _Reader(SearchQuery):
    """
    The letters that a unit has, by the index of words (`operations.indexing`).

    As it stands, not through `to_tsquery`: no word that anybody types can be read as a reader.
    """

    template = "(%(expressions)s)::tsquery"

    def __init__(self, unit_id: int) -> None:
        super().__init__("")
        self.set_source_expressions([Value(reader_lexeme(unit_id))])


def in_text(words: str, *, reader: int, letter: str = "") -> Q:
    """
    Letters that have the words as the index of texts knows them, among those of a unit.

    It narrows what the database looks at; what somebody may see is asked besides.

    :param reader: primary key of the unit
    :param letter: path to the document, such as `document__`
    """
    found = Q(**{f"{letter}search_vector": _Reader(reader)})
    for each in _asked(fold(words)):
        found &= Q(**{f"{letter}search_vector": SearchQuery(each, config="simple", search_type="websearch")})
    return found


def reader_lexeme(unit_id: int) -> str:
    """What a unit's letters have in the index of words, as a query of one lexeme."""
    return f"'§{int(unit_id)}'"


def plain_words(words: str) -> bool:
    """Whether folded words are to be found each by itself: quoted ones, "or" and a minus belong together."""
    return all(part.isalnum() and part != "or" for part in words.split())


def _asked(words: str) -> list[str]:
    """
    Each word by itself, behind the reader: the index then leaves a letter at the first that it lacks. Asked for all in
    one, it looks each of them up for every letter of the unit.
    """
    return words.split() if plain_words(words) else [words]


def with_words(words: str, *, reader: int, letter: str = "") -> Q:
    """
    Letters of a unit with these words in their text, or with them as a part of their number and notation.

    :param reader: primary key of the unit
    :param letter: path to the document, such as `document__`
    """
    found, code = in_text(words, reader=reader, letter=letter), fold(words)
    is_like_code = "/" in code or "-" in code
    return found | Q(**{f"{letter}code_key__contains": code}) if is_like_code else found
