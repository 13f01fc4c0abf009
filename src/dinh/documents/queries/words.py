"""Words of letters, with or without diacritics; typed numbers and notations, whole or in part."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from typing import Any, Final, Generic, TypeVar

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q, QuerySet, Value

from dinh.documents.common_words import places
from dinh.documents.letters import document_types
from dinh.kernel.bits import bit_is_set
from dinh.kernel.compiled import CompiledRead
from dinh.kernel.text import fold

Row = TypeVar("Row")
_PART = re.compile(r'-?"[^"]*"|\S+')
_CODE: Final = re.compile(r"\d+[a-z]?[-/](?=\S*[a-z])\S+")
"""A number with its notation, folded: 05/stttt-cntt, 12-cv/hu."""
_POINTS: Final = ".,;:()"
_OF_DATES: Final = "0123456789/.-"
Alternative = tuple[tuple[int, bool], ...]
"""Places of common words, each with whether a letter has it or must lack it."""


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
    :param either: of each text with quotes, "or" or a minus, alternatives of which a letter fits one at least
    :param whole: such texts which common words do not decide: the index of words is asked besides
    :param code: what else may be a part of the number and notation, such as "12/SNV"; none of it is a common word
    """

    common: tuple[int, ...] = ()
    rare: tuple[str, ...] = ()
    either: tuple[tuple[Alternative, ...], ...] = ()
    whole: tuple[str, ...] = ()
    code: str = ""

    @property
    def has_common(self) -> bool:
        """Whether the bits beside what a unit holds leave fewer letters."""
        return bool(self.common or self.either)

    @property
    def asks_index(self) -> bool:
        return bool(self.rare or self.whole)

    def held(self) -> Q:
        """Rows of letters that a unit holds, arrivals or its own, which have the common words."""
        found = _fitting([(place, True) for place in self.common])
        for alternatives in self.either:
            one = Q()
            for each in alternatives:
                one |= _fitting(each)
            found &= one
        return found

    def in_index(self, *, reader: int, letter: str = "") -> Q:
        """
        Letters that have what the index of words is asked, among those of a unit, or the code; all letters where it is
        asked nothing.

        It narrows what the database looks at; what somebody may see is asked besides, and `held` of the unit's rows.

        :param reader: primary key of the unit
        :param letter: path to the document, such as `document__`
        """
        if not self.asks_index:
            return Q()
        # Where bits leave few of the unit's own rows, its mark would unpack the words of each letter once more.
        by_bits = self.has_common and not self.rare
        found = Q() if by_bits else Q(**{f"{letter}search_vector": _Reader(reader)})
        for each in (*self.rare, *self.whole):
            query = SearchQuery(each, config="simple", search_type="websearch")
            found &= Q(**{f"{letter}search_vector": query})
        return found | Q(**{f"{letter}code_key__contains": self.code}) if self.code else found


def asked_words(*texts: str) -> AskedWords:
    """All words of these texts."""
    known, asked = places(), _Asked()
    for text in filter(None, map(fold, texts)):
        if plain_words(text):
            asked.add_plain(text.split(), known)
        else:
            asked.add_whole(text, known)
    return asked.frozen()


@dataclass(slots=True)
class _Asked:
    """What is asked, while texts are read one after another."""

    common: set[int] = field(default_factory=set)
    rare: list[str] = field(default_factory=list)
    either: list[tuple[Alternative, ...]] = field(default_factory=list)
    whole: list[str] = field(default_factory=list)

    def frozen(self) -> AskedWords:
        common = tuple(sorted(self.common, reverse=True))
        return AskedWords(common, tuple(dict.fromkeys(self.rare)), tuple(self.either), tuple(self.whole))

    def add_plain(self, words: Iterable[str], known: Mapping[str, int]) -> None:
        for each in words:
            if each in known:
                self.common.add(known[each])
            else:
                self.rare.append(each)

    def add_whole(self, text: str, known: Mapping[str, int]) -> None:
        alternatives = _alternatives(text)
        if any(all(_is_vague(part, known) for part in each) for each in alternatives):
            places = [_places(each, known) for each in alternatives]
            if alternatives and all(places):
                self.either.append(tuple(places))
            if not _is_decided(alternatives, known):
                self.whole.append(text)
        else:
            # Each alternative has a rare word, or the text is not understood: the index leaves few letters.
            self.rare.append(text)


Part = tuple[tuple[str, ...], bool]
"""A word, or the words of a quotation; and whether it is wanted."""


def _alternatives(text: str) -> list[list[Part]]:
    """What the database makes of a text with quotes, "or" and minus signs; nothing where it is not so simple."""
    found: list[list[Part]] = [[]]
    for part in _PART.findall(text):
        if part == "or" and found[-1]:
            found.append([])
            continue
        words = _words_of(part.removeprefix("-"))
        if part == "or" or not words or not all(each.isalnum() for each in words):
            return []
        found[-1].append((words, not part.startswith("-")))
    return found if found[-1] else []


def _words_of(part: str) -> tuple[str, ...]:
    """A word, or the words between quotes; what has a single quote is no word of letters and figures."""
    is_quoted = len(part) > 1 and part[0] == part[-1] == '"'
    return tuple(part[1:-1].split()) if is_quoted else (part,)


def _is_vague(part: Part, known: Mapping[str, int]) -> bool:
    """Whether most letters may fit it: what is not wanted, or has common words only."""
    words, is_wanted = part
    return not is_wanted or known.keys() >= set(words)


def _is_decided(alternatives: Sequence[Sequence[Part]], known: Mapping[str, int]) -> bool:
    """Whether bits say all: single common words."""
    return all(len(words) == 1 and words[0] in known for each in alternatives for words, _wanted in each)


def _places(parts: Iterable[Part], known: Mapping[str, int]) -> Alternative:
    """The common words among those that an alternative wants, and those that it wants not."""
    return tuple(
        (known[word], is_wanted)
        for words, is_wanted in parts
        for word in words
        if word in known and (is_wanted or len(words) == 1)
    )


def _fitting(words: Iterable[tuple[int, bool]]) -> Q:
    found = Q()
    for place, is_wanted in words:
        has = Q(bit_is_set("common_words", place))
        found &= has if is_wanted else ~has
    return found


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


def words_or_code(text: str) -> AskedWords:
    """Words of a text, or a part of a number and notation, as it is or as letters are cited."""
    code = fold(text)
    return replace(asked_words(text), code=_cited(code) or (code if "/" in code or "-" in code else ""))


def _cited(text: str) -> str:
    """
    The number and notation in a citation, "công văn số 05/STTTT-CNTT ngày 03/11/2026"; empty of any other text.

    A letter itself often has neither "số" in its text nor, of an official letter, its type.
    """
    parts = [part.strip(_POINTS) for part in text.split()]
    codes = [part for part in parts if _CODE.fullmatch(part)]
    beside = {part for part in parts if part.strip(_OF_DATES)} - set(codes)
    return codes[0] if len(codes) == 1 and beside <= _words_of_citations() else ""


@cache
def _words_of_citations() -> frozenset[str]:
    names = (
        each.name
        for bloc in ("government", "party", "mass")
        for each in document_types(bloc=bloc, on=date.max)
    )
    return frozenset(fold(" ".join([*names, "văn bản số ký hiệu ngày tháng năm"])).split())


def with_words(words: str, *, reader: int) -> Q:
    """
    Rows of letters that a unit holds with these words in their text, or as a part of their number and notation.

    :param reader: primary key of the unit
    """
    asked = words_or_code(words)
    return asked.held() & asked.in_index(reader=reader, letter="document__")
