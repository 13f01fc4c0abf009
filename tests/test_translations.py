"""Every text for people stands in Vietnamese in the module that shows it."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import polib
import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "dinh"
CALLS = {"_", "_t", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
TRANSLATE = re.compile(r"""\{%\s*trans(?:late)?\s+(?:"([^"]*)"|'([^']*)')""")
ARGUMENT = re.compile(r"""\b(?:_\(|ngettext\()(?:"([^"]*)"|'([^']*)')[,)]""")
BLOCK = re.compile(r"\{%\s*blocktrans(?:late)?\b([^%]*)%\}(.*?)\{%\s*endblocktrans(?:late)?\s*%\}", re.S)
PLURAL = re.compile(r"\{%\s*plural\s*%\}")
VARIABLE = re.compile(r"\{\{\s*([\w.]+)[^}]*\}\}")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}|%[sd]")


def _python_texts(source: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and _name(node.func) in CALLS and node.args:
            text = node.args[0]
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                yield text.value


def _name(called: ast.expr) -> str:
    if isinstance(called, ast.Attribute):
        return called.attr
    return called.id if isinstance(called, ast.Name) else ""


def _template_texts(source: Path) -> Iterator[str]:
    template = source.read_text(encoding="utf-8")
    for found in (*TRANSLATE.finditer(template), *ARGUMENT.finditer(template)):
        yield found[1] or found[2]
    for options, body in BLOCK.findall(template):
        yield _block_text(options, PLURAL.split(body)[0])


def _block_text(options: str, body: str) -> str:
    if "trimmed" in options.split():
        body = " ".join(line.strip() for line in body.strip().splitlines())
    return VARIABLE.sub(r"%(\1)s", body.replace("%", "%%"))


def _texts(module: Path) -> set[str]:
    python = (path for path in module.rglob("*.py") if "tests" not in path.relative_to(module).parts)
    folders = ("templates/**/*", "jinja2/**/*")
    templates = (
        path for folder in folders for path in module.rglob(folder) if path.suffix in {".html", ".txt"}
    )
    texts = {text for path in python for text in _python_texts(path)}
    return texts | {text for path in templates for text in _template_texts(path)}


@cache
def _vietnamese(module: Path) -> dict[str, str]:
    source = module / "locale" / "vi" / "LC_MESSAGES" / "django.po"
    if not source.exists():
        return {}
    entries = polib.pofile(str(source), encoding="utf-8")
    return {entry.msgid: entry.msgstr or entry.msgstr_plural.get(0, "") for entry in entries}


def _modules() -> list[Path]:
    return sorted(path for path in PACKAGE.iterdir() if (path / "__init__.py").exists())


@pytest.mark.parametrize("module", _modules(), ids=lambda module: module.name)
def test_every_text_is_translated(module: Path) -> None:
    vietnamese = _vietnamese(module)
    assert [text for text in sorted(_texts(module)) if not vietnamese.get(text)] == []


@pytest.mark.parametrize("module", _modules(), ids=lambda module: module.name)
def test_placeholders_are_kept(module: Path) -> None:
    pairs = _vietnamese(module).items()
    assert [text for text, msgstr in pairs if _placeholders(text) != _placeholders(msgstr)] == []


def _placeholders(text: str) -> set[str]:
    return set(PLACEHOLDER.findall(text))


def test_texts_are_found() -> None:
    assert {"My work", "Urgent"} <= _texts(PACKAGE / "worklist")


@pytest.mark.parametrize("module", _modules(), ids=lambda module: module.name)
def test_vietnamese_has_one_form_for_any_number(module: Path) -> None:
    source = module / "locale" / "vi" / "LC_MESSAGES" / "django.po"
    if source.exists():
        assert polib.pofile(str(source)).metadata.get("Plural-Forms") == "nplurals=1; plural=0;"


def test_one_english_text_has_one_vietnamese_text() -> None:
    """Catalogues are merged: the first module's words would stand on the others' pages."""
    told: dict[str, set[str]] = {}
    for module in _modules():
        for text, vietnamese in _vietnamese(module).items():
            told.setdefault(text, set()).add(vietnamese)
    assert {text: found for text, found in told.items() if len(found) > 1} == {}
