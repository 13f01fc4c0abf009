"""Reading OpenAPI descriptions: what of them the exchange goes by."""

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any, Final

import yaml
from django.utils.translation import gettext as _

from dinh.exchange.gateway.routing import NEEDED_QUERY
from dinh.kernel.errors import InvalidInput

MAX_BYTES: Final = 2 * 1024 * 1024
MAX_OPERATIONS: Final = 500
MAX_SUBJECT: Final = 120
_SUBJECT: Final = "x-dinh-subject"
METHODS: Final = ("get", "post", "put", "patch", "delete", "head", "options")
_PATH: Final = re.compile(r"(/([A-Za-z0-9._~!$&'()*+,=:@-]+|\{[A-Za-z0-9_.-]+\}))+")
_DOTS: Final = re.compile(r"/\.{1,2}(/|\Z)")


@dataclass(frozen=True, slots=True)
class DescribedOperation:
    """
    `subject` is where a request names the person it is about: `path:so`, `query:so` (`query!:so` if it must be there),
    `body:/nguoi/so`; or by kind of body, with a space between several: `json:/nguoi/so xml:/hoSo/nguoi/so`.
    """

    name: str
    method: str
    path: str
    summary: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Description:
    """What a description tells; `document` as JSON."""

    title: str
    text: str
    document: dict[str, Any]
    sha256: str
    operations: tuple[DescribedOperation, ...]


class _Alias(yaml.YAMLError):
    pass


class _NoAliases(yaml.SafeLoader):
    """A few lines of aliases can stand for gigabytes."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise _Alias
        return super().compose_node(parent, index)


def read_description(data: bytes) -> Description:
    """
    Read a description in OpenAPI 3, JSON or YAML.

    :raises InvalidInput: naming the field `document`, saying what is wrong and where
    """
    if not 0 < len(data) <= MAX_BYTES:
        raise _unusable(_("Choose an OpenAPI file of at most 2 MB."))
    document = _parsed(data)
    if not str(document.get("openapi", "")).startswith("3."):
        raise _unusable(_("Only OpenAPI 3 is read; this file does not say that it is."))
    info = document.get("info")
    info = info if isinstance(info, dict) else {}
    return Description(
        title=str(info.get("title", ""))[:200],
        text=str(info.get("description", ""))[:4000],
        document=document,
        sha256=hashlib.sha256(data).hexdigest(),
        operations=_operations(document),
    )


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        text = data.decode("utf-8-sig")
        document = json.loads(text) if text.lstrip()[:1] == "{" else _yaml(text)
        # Once through JSON: what YAML knows besides (dates, keys that are numbers) becomes what JSON knows.
        document = json.loads(json.dumps(document, default=str))
    except (ValueError, yaml.YAMLError, RecursionError, TypeError) as error:
        raise _unusable(_("This is neither JSON nor YAML: %(why)s") % {"why": _place(error)}) from error
    if not isinstance(document, dict) or "\\u0000" in json.dumps(document):
        raise _unusable(_("This is no OpenAPI description."))
    return document


def _place(error: Exception) -> str:
    """Where it ends to be readable, without a word of the file: it may have been fetched from anywhere."""
    mark = getattr(error, "problem_mark", None)
    if mark is not None:
        return _("line %(line)d, column %(column)d") % {"line": mark.line + 1, "column": mark.column + 1}
    if isinstance(error, json.JSONDecodeError):
        return _("line %(line)d, column %(column)d") % {"line": error.lineno, "column": error.colno}
    if isinstance(error, _Alias):
        return _("aliases (& and *) are not taken: write out what they stand for")
    return _("it is nested too deeply") if isinstance(error, RecursionError) else type(error).__name__


def _yaml(text: str) -> Any:
    loader = _NoAliases(text)
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()


def _operations(document: dict[str, Any]) -> tuple[DescribedOperation, ...]:
    paths = document.get("paths")
    if not isinstance(paths, dict) or not paths:
        raise _unusable(_("The description names no path."))
    found = [each for path, item in paths.items() for each in _of_path(document, path, item)]
    if not 0 < len(found) <= MAX_OPERATIONS:
        raise _unusable(_("A description has 1 to 500 operations."))
    seen: set[tuple[str, str]] = set()
    for each in found:
        shape = (each.method, re.sub(r"\{[^}]*\}", "{}", each.path))
        if shape in seen:
            raise _unusable(_("Two operations share one address: %(path)s") % {"path": each.path})
        seen.add(shape)
    return tuple(found)


def _of_path(document: dict[str, Any], path: str, item: object) -> list[DescribedOperation]:
    if not _PATH.fullmatch(path) or _DOTS.search(path) or len(path) > 300 or not isinstance(item, dict):
        raise _unusable(_("This path is not taken: %(path)s") % {"path": path[:100]})
    given = [(method, item[method]) for method in METHODS if isinstance(item.get(method), dict)]
    return [
        DescribedOperation(
            name=_plain(told.get("operationId") or f"{method} {path}", 120),
            method=method.upper(),
            path=path,
            summary=_plain(told.get("summary") or "", 300),
            subject=_subject(document, path, item, told),
        )
        for method, told in given
    ]


def _subject(document: dict[str, Any], path: str, item: dict[str, Any], told: dict[str, Any]) -> str:
    """
    What `x-dinh-subject` marks: a parameter (true), or by a JSON pointer a field of the request body: of all its media
    types, or of each by itself. In XML the pointer's steps are elements from the root on, `@name` at its end an
    attribute; in a form it has one step.

    :raises InvalidInput: if it marks nothing that can be read, or more than one place
    """
    given = [_referred(document, each) for rows in (item, told) for each in _list(rows.get("parameters"))]
    found = [f"{_place_of(each)}:{each.get('name')}" for each in given if each.get(_SUBJECT)]
    found += _in_body(_referred(document, told.get("requestBody")))
    if not found:
        return ""
    kinds = [each.partition(":")[0] for each in found]
    is_one = len(found) == 1 or (len(set(kinds)) == len(kinds) and set(kinds) <= _KINDS.keys())
    marked = " ".join(found)
    if not is_one or not all(_fits(each, path) for each in found) or len(marked) > MAX_SUBJECT:
        raise _unusable(
            _("x-dinh-subject marks one parameter of path or query, or a field of the body: %(path)s")
            % {"path": path}
        )
    return marked


_KINDS: Final = {
    "json": re.compile(r"application/([\w.-]+\+)?json"),
    "xml": re.compile(r"(application|text)/([\w.-]+\+)?xml"),
    "form": re.compile(r"application/x-www-form-urlencoded"),
}


def _place_of(parameter: dict[str, Any]) -> object:
    place = parameter.get("in")
    return NEEDED_QUERY if place == "query" and parameter.get("required") is True else place


def _in_body(body: dict[str, Any]) -> list[str]:
    """The marks of a request body, each as `kind:pointer`; `none` stands for a media type that is not read."""
    content = body.get("content")
    types = content.items() if isinstance(content, dict) else ()
    marks = [(name, kind[_SUBJECT]) for name, kind in types if isinstance(kind, dict) and kind.get(_SUBJECT)]
    whole = [f"body:{body[_SUBJECT]}"] if body.get(_SUBJECT) else []
    return whole + list(dict.fromkeys(f"{_kind_of(name)}:{pointer}" for name, pointer in marks))


def _kind_of(media_type: str) -> str:
    name = media_type.partition(";")[0].strip().lower()
    return next((kind for kind, form in _KINDS.items() if form.fullmatch(name)), "none")


def _fits(mark: str, path: str) -> bool:
    place, _colon, name = mark.partition(":")
    if place == "path":
        return f"/{{{name}}}/" in f"{path}/"
    if place in ("query", NEEDED_QUERY):
        return True
    is_pointer = name.startswith("/") and not re.search(r"\s", name)
    return is_pointer and (place in ("body", "json", "xml") or (place == "form" and name.count("/") == 1))


def _referred(document: dict[str, Any], given: object) -> dict[str, Any]:
    """What a parameter or a body is, itself or by a reference within the description."""
    reference = given.get("$ref") if isinstance(given, dict) else None
    if isinstance(reference, str) and reference.startswith("#/"):
        given = document
        for step in reference[2:].split("/"):
            given = given.get(step) if isinstance(given, dict) else None
    return given if isinstance(given, dict) else {}


def _list(given: object) -> list[Any]:
    return given if isinstance(given, list) else []


def _plain(value: object, limit: int) -> str:
    return " ".join(str(value).split())[:limit]


def _unusable(message: str) -> InvalidInput:
    return InvalidInput(message, field="document")
