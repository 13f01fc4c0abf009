"""The user guide tells of the pages as they are, in both languages."""

import re
from pathlib import Path

import polib
import pytest

from dinh.directory.enums import Role
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory
from dinh.kernel.guide import guide_text, guides

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "dinh"
LABEL = re.compile(r"\*\*([^*]+)\*\*")
NAMES = [name for name, _guide in guides.items()]


@pytest.fixture(scope="module")
def translations() -> dict[str, set[str]]:
    """Every Vietnamese label of the pages by its English one."""
    found: dict[str, set[str]] = {}
    for path in PACKAGE.glob("*/locale/vi/LC_MESSAGES/django.po"):
        for entry in polib.pofile(str(path)):
            found.setdefault(entry.msgid, set()).update({entry.msgstr, *entry.msgstr_plural.values()})
    return found


def labels(name: str, language: str) -> list[str]:
    text = (guides[name].folder / language / f"{name}.md").read_text(encoding="utf-8")
    return LABEL.findall(text)


@pytest.fixture
def clerk(client):
    client.force_login(AccountFactory(current_appointment=AppointmentFactory(roles=[Role.CLERK])))
    return client


@pytest.mark.parametrize("name", NAMES)
def test_what_is_bold_in_a_guide_is_a_label_of_the_pages_in_both_languages(name, translations):
    english, vietnamese = labels(name, "en"), labels(name, "vi")

    unknown = [
        (en, vi) for en, vi in zip(english, vietnamese, strict=True) if vi not in translations.get(en, ())
    ]

    assert english
    assert unknown == []


@pytest.mark.parametrize("name", NAMES)
def test_a_guide_has_the_same_parts_in_both_languages(name):
    vietnamese, english = (guide_text(name, language) for language in ("vi", "en"))

    assert [vietnamese.count(tag) for tag in ("<h2>", "<li>")] == [
        english.count(tag) for tag in ("<h2>", "<li>")
    ]


@pytest.mark.django_db
def test_ones_own_work_comes_first(clerk):
    lines = clerk.get("/guide/").context["lines"]

    assert [line.name for line in lines if line.is_own] == ["clerk", "signatures"]
    assert [line.name for line in lines][:2] == ["clerk", "signatures"]
    assert {line.name for line in lines} == set(NAMES)


@pytest.mark.django_db
def test_a_guide_is_read_in_the_language_of_the_reader(clerk):
    vietnamese = clerk.get("/guide/clerk/").content.decode()
    english = clerk.get("/guide/clerk/", headers={"accept-language": "en"}).content.decode()

    assert "<h2>Đăng ký văn bản đến</h2>" in vietnamese
    assert "<h2>Registering incoming documents</h2>" in english


@pytest.mark.django_db
def test_a_guide_that_is_not_there_is_missing(clerk):
    assert clerk.get("/guide/nobody/").status_code == 404
