"""The Vietnamese of pages, mails and errors is written in one way (docs/glossary.md)."""

import re
import unicodedata
from pathlib import Path

import polib
import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "dinh"
CATALOGUES = sorted(PACKAGE.glob("*/locale/vi/LC_MESSAGES/django.po"))
NEWER_TONES = re.compile(r"(?:o[àáảãạèéẻẽẹ]|(?<!q)u[ỳýỷỹỵ])(?!\w)", re.IGNORECASE)
SPACES = re.compile(r"  |[^ ] +[.,;:!?](?= |$)|\( | \)|\d,\d{3}\b")
ENDS = ".:?"
SHORTENED = {"No."}
NOT_USED = {
    r"chứng thư(?! số)": "chứng thư số",
    r"(vui lòng|xin hãy)": "Hãy",
    r"chương trình ký": "phần mềm ký số",
    r"đơn vị chủ quản": "cơ quan chủ quản",
    r"(?<!mức )độ khẩn": "mức độ khẩn",
    r"(?<!đăng )ký giấy\b": "ký trên giấy",
    r"chỉ văn thư (của cơ quan )?được": "chỉ văn thư mới được",
    r"\b(digest|file|email|server|upload|download|click|ocsp|crl)\b": "a Vietnamese word",
}


def _texts(catalogue: Path) -> list[tuple[str, str]]:
    entries = polib.pofile(str(catalogue), encoding="utf-8")
    return [(entry.msgid, entry.msgstr or entry.msgstr_plural.get(0, "")) for entry in entries]


by_module = pytest.mark.parametrize("catalogue", CATALOGUES, ids=lambda path: path.parts[-5])


@by_module
def test_tones_stand_where_the_decree_puts_them(catalogue: Path) -> None:
    texts = [text for _english, text in _texts(catalogue)]
    assert [text for text in texts if NEWER_TONES.search(text)] == []
    assert [text for text in texts if unicodedata.normalize("NFC", text) != text] == []


@by_module
def test_spaces_and_figures_are_set_as_in_vietnamese(catalogue: Path) -> None:
    assert [text for _english, text in _texts(catalogue) if SPACES.search(text)] == []


@by_module
def test_sentences_end_and_begin_as_in_english(catalogue: Path) -> None:
    def unlike(english: str, text: str) -> bool:
        begins = {each[0].isupper() for each in (english, text) if each[0].isalpha()}
        return _end(english) != _end(text) or len(begins) > 1

    assert [
        text for english, text in _texts(catalogue) if english not in SHORTENED and unlike(english, text)
    ] == []


def _end(text: str) -> str:
    return text[-1] if text[-1] in ENDS else ""


@pytest.mark.parametrize("word", NOT_USED)
def test_words_that_are_not_used(word: str) -> None:
    texts = [text for catalogue in CATALOGUES for _english, text in _texts(catalogue)]
    assert [text for text in texts if re.search(word, text, re.IGNORECASE)] == []


def test_the_older_spelling_is_told_from_the_newer() -> None:
    newer = ["hoà", "huỷ bỏ", "Uỷ ban", "thoả thuận", "khoẻ"]
    older = ["hòa", "hủy bỏ", "Ủy ban", "toàn", "quý", "quỹ", "thoải", "khỏe"]
    assert [word for word in newer + older if NEWER_TONES.search(word)] == newer
