"""Whom a call is about, for the citizen's list of accesses: a keyed hash of the number that names the person."""

import json
import re
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from lxml import etree

from dinh.exchange.gateway.calls import Call
from dinh.exchange.gateway.judging import held
from dinh.exchange.gateway.refusals import Refusal, unavailable
from dinh.exchange.gateway.requests import Body, Incoming
from dinh.exchange.gateway.routing import NEEDED_QUERY, Route
from dinh.exchange.gateway.validation import media_type
from dinh.exchange.sealing import subject_hash

_MOST_FIELDS: Final = 500
_JSON: Final = re.compile(r"application/([\w.-]+\+)?json|")
_XML: Final = re.compile(r"(application|text)/([\w.-]+\+)?xml")
_FORM: Final = "application/x-www-form-urlencoded"


class Subjects:
    """Without its key nobody can tell numbers from hashes by trying all."""

    def __init__(self) -> None:
        self._key: bytes | None = None

    def use(self, key: bytes | None) -> None:
        """:param key: of the configuration in force; None: calls about persons are refused"""
        self._key = key

    async def noted(self, call: Call, route: Route, rest: bytes, incoming: Incoming, body: Body) -> Body:
        """
        The body as it goes on; the call knows whom it is about, of an operation that says where that stands.

        The body of an operation that names the person there is held, so it may have 1 MB, and must be of a kind that
        can be read: nobody is looked up unseen by another one.

        Names count without their case, as many servers read them.

        :param rest: path below the version
        :raises CallerGone, Refusal: 400 if the person is named twice, unreadably, or not at all where that is needed;
            413, 415; 503 without a key
        """
        if self._key is None:
            raise unavailable("no-subject-key", "Calls about persons cannot be logged yet.", seconds=60)
        place, _colon, name = route.subject.partition(":")
        if place == "path":
            value: object = _in_path(route.template, name, rest)
        elif place in ("query", NEEDED_QUERY):
            value, body = await _in_parameters(name, incoming, body)
        elif incoming.has_body:
            value, body = await _in_body(route.subject, incoming, body)
        else:
            value = None
        number = "" if value is None else _number(value).strip()
        if number:
            call.subject = subject_hash(number, key=self._key)
        elif place in ("path", NEEDED_QUERY):
            raise Refusal(400, "no-subject", f"The field {name} is needed.")
        return body


def _number(value: object) -> str:
    """:raises Refusal: of what is neither text nor a whole number"""
    if isinstance(value, str | int) and not isinstance(value, bool):
        return str(value)
    raise _unreadable("The person's number is neither text nor a whole number.")


def _in_path(template: str, name: str, rest: bytes) -> str | None:
    parts = zip(template.split("/"), rest.decode("latin-1").split("/"), strict=False)
    return next((unquote(given) for part, given in parts if part == f"{{{name}}}"), None)


async def _in_parameters(name: str, incoming: Incoming, body: Body) -> tuple[str | None, Body]:
    """Of query and form together: many servers make one of them. :raises CallerGone, Refusal:"""
    found = _named(name, incoming.query)
    if incoming.has_body and _kind(incoming) == "form":
        content, body = await held(incoming, body)
        found += _named(name, content)
    return _only(name, found), body


def _named(name: str, fields: bytes) -> list[str]:
    """:raises Refusal:"""
    try:
        pairs = parse_qsl(fields.decode("latin-1"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise _unreadable("There are too many fields.") from error
    return [value for key, value in pairs if key.casefold() == name.casefold()]


def _only(name: str, found: list[Any]) -> Any:
    """:raises Refusal: if there are several, since the provider might take another one"""
    if len(found) > 1:
        raise _repeated(name)
    return found[0] if found else None


async def _in_body(subject: str, incoming: Incoming, body: Body) -> tuple[object, Body]:
    """
    By the mark for this kind of body.

    :raises CallerGone, Refusal: 415 for a kind without a mark
    """
    kind = _kind(incoming)
    marks = dict(mark.split(":", 1) for mark in subject.split(" "))
    pointer = marks.get(kind) or marks.get("body")
    if not kind or pointer is None:
        raise Refusal(
            415, "subject-media-type",
            "This operation names a person in its body, which must be of a kind that its description marks.",
        )  # fmt: skip
    if kind == "form":
        return await _in_parameters(pointer[1:].replace("~1", "/").replace("~0", "~"), incoming, body)
    content, again = await held(incoming, body)
    return _READ[kind](pointer, content), again


def _kind(incoming: Incoming) -> str:
    """`json` (also if nothing is said), `xml`, `form`; empty for what is not read."""
    name = media_type(incoming.named.get(b"content-type", b""))
    if name == _FORM:
        return "form"
    return "json" if _JSON.fullmatch(name) else "xml" if _XML.fullmatch(name) else ""


def _in_json(pointer: str, content: bytes) -> object:
    """RFC 6901, through objects only. :raises Refusal: for what is no JSON, or has a member twice on the way"""
    try:
        value: object = json.loads(content, object_pairs_hook=_Members)
    except (ValueError, RecursionError) as error:
        raise _unreadable("The body is no JSON.") from error
    for step in pointer.split("/")[1:]:
        value = (
            value.member(step.replace("~1", "/").replace("~0", "~")) if isinstance(value, _Members) else None
        )
    return value


class _Members(list[tuple[str, Any]]):
    """An object's members as they came: of two with one name readers take the first or the last."""

    def member(self, name: str) -> object:
        """:raises Refusal:"""
        return _only(name, [value for key, value in self if key.casefold() == name.casefold()])


def _in_xml(pointer: str, content: bytes) -> str | None:
    """
    Elements by their names without namespaces, from the root on; `@name` at the end is an attribute.

    :raises Refusal: for what is no XML, has a document type, or the element twice
    """
    # Made anew for each message: libxml2's parsers keep what they read.
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True,
        remove_pis=True, collect_ids=False,
    )  # fmt: skip
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise _unreadable("The body is no XML.") from error
    tree: Any = root.getroottree()
    if tree.docinfo.doctype:
        raise _unreadable("A document type is not taken.")
    *steps, last = pointer.split("/")[1:]
    names = steps if last.startswith("@") else [*steps, last]
    owners: list[Any] = [root] if names[:1] == [etree.QName(root).localname] else []
    for name in names[1:]:
        owners = [child for owner in owners for child in owner.iterchildren(f"{{*}}{name}")]
    values = [_text(owner) for owner in owners] if names[-1:] == [last] else _attributes(owners, last[1:])
    text: str | None = _only(last, values)
    return text


def _text(element: Any) -> str:
    """:raises Refusal: if it holds elements"""
    if len(element):
        raise _unreadable("The person's number is no text.")
    return element.text or ""


def _attributes(elements: list[Any], name: str) -> list[str]:
    return [
        value for each in elements for key, value in each.attrib.items() if etree.QName(key).localname == name
    ]


_READ: Final = {"json": _in_json, "xml": _in_xml}


def _repeated(name: str) -> Refusal:
    return Refusal(400, "repeated-subject", f"The field {name} may come once only.")


def _unreadable(why: str) -> Refusal:
    return Refusal(400, "unreadable-subject", why)
