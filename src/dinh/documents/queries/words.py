"""Words of letters, with or without diacritics; typed numbers and notations, whole or in part."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q, QuerySet, Value

from dinh.documents.common_words import places
from dinh.kernel.bits import bit_is_set
from dinh.kernel.compiled import CompiledRead
from dinh.kernel.text import fold

Row = TypeVar("Row")


class _Reader(SearchQuery):
    """
    The letters that a unit has, by the index of words (`operations.indexing`).

    As it stands, not through `to_tsquery`: no word that anybody types can be read as a reader.
    """

    template = "(%(expressions)s)::tsquery"

    def __init__(self, unit_id: int) -> None:
        super().__init__("")
        self.set_source_expressions([Value(reader_lexeme(unit_id))])


@dataclass(frozen=True, slots=True)
class AskedWords:
    """
    Folded words by where they are looked for.

    :param common: places of common words (`documents.common_words`), the rarest first
    :param rare: what the index of words is asked, each by itself: it then leaves a letter at the first that it lacks
    :param code: what else may be a part of the number and notation, such as "12/SNV"; none of it is a common word
    """

    common: tuple[int, ...] = ()
    rare: tuple[str, ...] = ()
    code: str = ""

    def held(self) -> Q:
        """Rows of letters that a unit holds, arrivals or its own, which have the common words."""
        found = Q()
        for place in self.common:
            found &= Q(bit_is_set("common_words", place))
        return found

    def in_index(self, *, reader: int, letter: str = "") -> Q:
        """
        Letters that have the rare words, among those of a unit, or the code; all letters where none is asked.

        It narrows what the database looks at; what somebody may see is asked besides.

        :param reader: primary key of the unit
        :param letter: path to the document, such as `document__`
        """
        if not self.rare:
            return Q()
        found = Q(**{f"{letter}search_vector": _Reader(reader)})
        for each in self.rare:
            query = SearchQuery(each, config="simple", search_type="websearch")
            found &= Q(**{f"{letter}search_vector": query})
        return found | Q(**{f"{letter}code_key__contains": self.code}) if self.code else found


def asked_words(*texts: str) -> AskedWords:
    """All words of these texts."""
    known, common, rare = places(), set(), []
    for each in (part for text in texts for part in _parts(fold(text))):
        if each in known:
            common.add(known[each])
        else:
            rare.append(each)
    return AskedWords(tuple(sorted(common, reverse=True)), tuple(dict.fromkeys(rare)))


def reader_lexeme(unit_id: int) -> str:
    """What a unit's letters have in the index of words, as a query of one lexeme."""
    return f"'§{int(unit_id)}'"


class ReadByWords(Generic[Row]):
    """
    A unit's letters by plain words, of which the SQL is written once for each number of them.

    :param build: makes the queryset for a unit's primary key and the words
    """

    def __init__(self, build: "Callable[[int, AskedWords], QuerySet[Any, Row]]") -> None:
        self.build = build
        self.known: dict[tuple[int, int], CompiledRead[Row]] = {}

    def rows(self, unit_id: int, asked: AskedWords) -> list[Row]:
        size = (len(asked.common), len(asked.rare))
        if size not in self.known:
            self.known[size] = self._compiled(*size)
        return self.known[size].rows(**_named(unit_id, asked))

    def _compiled(self, common: int, rare: int) -> CompiledRead[Row]:
        def build(unit_id: int, reader: str = "", **words: Any) -> "QuerySet[Any, Row]":
            places = tuple(words[f"common_{at}"] for at in range(common))
            return self.build(unit_id, AskedWords(places, tuple(words[f"rare_{at}"] for at in range(rare))))

        # Values that stand nowhere else in the statement.
        examples = AskedWords(
            tuple(-100 - at for at in range(common)), tuple(f"word{at}" for at in range(rare))
        )
        return CompiledRead(build, **_named(-1, examples))


def _named(unit_id: int, asked: AskedWords) -> dict[str, Any]:
    named: dict[str, Any] = {f"common_{at}": place for at, place in enumerate(asked.common)}
    named |= {f"rare_{at}": word for at, word in enumerate(asked.rare)}
    return named | {"unit_id": unit_id} | ({"reader": reader_lexeme(unit_id)} if asked.rare else {})


def plain_words(words: str) -> bool:
    """Whether folded words are to be found each by itself: quoted ones, "or" and a minus belong together."""
    return all(part.isalnum() and part != "or" for part in words.split())


def _parts(words: str) -> Iterable[str]:
    if not words:
        return ()
    return words.split() if plain_words(words) else [words]


def words_or_code(text: str) -> AskedWords:
    """Words of a text, or a part of a number and notation."""
    code = fold(text)
    return replace(asked_words(text), code=code if "/" in code or "-" in code else "")


def with_words(words: str, *, reader: int) -> Q:
    """
    Rows of letters that a unit holds with these words in their text, or as a part of their number and notation.

    :param reader: primary key of the unit
    """
    asked = words_or_code(words)
    return asked.held() & asked.in_index(reader=reader, letter="document__")
