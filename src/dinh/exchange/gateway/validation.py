"""
Requests against the OpenAPI description of their version: parameters of path and query, and JSON bodies.

Only what is described is judged; nothing is fetched; patterns run in linear time. Values never appear in messages,
which name fields only. By jsonschema-rs, which keeps to the drafts that OpenAPI 3.0 and 3.1 go by.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

import jsonschema_rs

MAX_BODY: Final = 1024 * 1024
"""Largest JSON body that is held and judged."""
_MOST_FAULTS: Final = 20
_MOST_FIELDS: Final = 500
_MOST_REFERENCES: Final = 20
_ROOT: Final = "urn:dinh:description"
_PATTERNS: Final = jsonschema_rs.RegexOptions(size_limit=1 << 20)
_METHODS: Final = ("get", "post", "put", "patch", "delete", "head", "options")
_Errors = Iterator[tuple[str, str]]


class BadDescription(Exception):
    """What a description says of its requests cannot be judged by."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one field, e.g. `query/page` or `body/nguoiNop/hoTen`."""

    field: str
    message: str


@dataclass(frozen=True, slots=True)
class _Parameter:
    place: str
    name: str
    is_required: bool
    is_list: bool
    schema: "_Schema"


class _Schema:
    """One schema of a description, compiled."""

    def __init__(self, description: "Description", place: str) -> None:
        try:
            self._compiled = description.draft(
                {"$ref": f"{_ROOT}#{place}"}, registry=description.registry, retriever=_nothing, mask="it",
                pattern_options=_PATTERNS,
            )  # fmt: skip
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
            raise BadDescription(f"{place}: {str(error).splitlines()[0]}") from error

    def faults(self, value: object) -> _Errors:
        for error in self._compiled.iter_errors(value):
            yield "/".join(str(step) for step in error.instance_path), error.message


@dataclass(frozen=True, slots=True)
class Rules:
    """
    What one operation's requests must fulfil.

    :param in_query: names of the query's parameters by their names in small letters
    :param bodies: by media type
    """

    template: str
    parameters: tuple[_Parameter, ...]
    in_query: Mapping[str, tuple[str, ...]]
    bodies: Mapping[str, _Schema | None]
    needs_body: bool

    @property
    def reads_body(self) -> bool:
        return bool(self.bodies)

    def check_head(self, path: bytes, query: bytes) -> list[Fault]:
        """:param path: as the provider sees it, without what stands before the template"""
        parts, given = self.template.split("/"), path.decode("latin-1").split("/")
        values = {
            f"path {part[1:-1]}": [unquote(value)]
            for part, value in zip(parts, given, strict=False)
            if part[:1] == "{"
        }
        try:
            pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
        except ValueError:
            return [Fault("query", "There are too many fields.")]
        for name, value in pairs:
            values.setdefault(f"query {name}", []).append(value)
        faults = [fault for each in self.parameters for fault in _of_parameter(each, values)]
        return [*faults, *self._other_writings(name for name, _value in pairs)][:_MOST_FAULTS]

    def check_body(self, content_type: bytes, body: bytes) -> list[Fault]:
        """Of a body whose media type is described."""
        if not body:
            return [Fault("body", "A body is needed.")] if self.needs_body else []
        schema = self.bodies[media_type(content_type)]
        if schema is None:
            return []
        try:
            value = json.loads(body, object_pairs_hook=_members, parse_constant=_no_json)
        except (ValueError, RecursionError):
            return [Fault("body", "It is no JSON, or has a name twice.")]
        found = (Fault(f"body/{where}" if where else "body", text) for where, text in schema.faults(value))
        return [fault for fault, _number in zip(found, range(_MOST_FAULTS), strict=False)]

    def _other_writings(self, names: Iterable[str]) -> Iterator[Fault]:
        """Many servers read names without their case: another writing would pass unjudged."""
        for name in dict.fromkeys(names):
            known = self.in_query.get(name.casefold(), ())
            if known and name not in known:
                yield Fault(f"query/{known[0]}", "Its name is written in another way.")

    def is_judged(self, content_type: bytes) -> bool:
        return self.bodies.get(media_type(content_type)) is not None

    def takes(self, content_type: bytes) -> bool:
        return media_type(content_type) in self.bodies


class Description:
    """
    The rules of a version's operations.

    :param document: OpenAPI 3
    """

    def __init__(self, document: dict[str, Any]) -> None:
        is_old = str(document.get("openapi", "")).startswith("3.0")
        self.document = _with_null(document) if is_old else document
        self.draft: Any = jsonschema_rs.Draft4Validator if is_old else jsonschema_rs.Draft202012Validator
        draft = jsonschema_rs.Draft4 if is_old else jsonschema_rs.Draft202012
        try:
            self.registry = jsonschema_rs.Registry([(_ROOT, self.document)], draft=draft, retriever=_nothing)
        except (jsonschema_rs.ReferencingError, ValueError) as error:
            raise BadDescription(str(error).splitlines()[0]) from error

    def rules(self, method: str, path: str) -> Rules:
        """:raises BadDescription:"""
        item = f"/paths/{_escaped(path)}"
        place = f"{item}/{method.lower()}"
        parameters: dict[tuple[str, str], _Parameter] = {}
        for owner in (item, place):
            for index in range(len(self._at(owner).get("parameters") or ())):
                if found := self._parameter(f"{owner}/parameters/{index}"):
                    parameters[found.place, found.name] = found
        bodies, needs_body = self._body(f"{place}/requestBody")
        in_query: dict[str, tuple[str, ...]] = {}
        for where, name in parameters:
            if where == "query":
                in_query[name.casefold()] = (*in_query.get(name.casefold(), ()), name)
        return Rules(path, tuple(parameters.values()), in_query, bodies, needs_body)

    def check(self) -> None:
        """:raises BadDescription: if the rules of an operation cannot be made"""
        for path, item in self.document["paths"].items():
            for method in _METHODS:
                if method in item:
                    self.rules(method, path)

    def _parameter(self, place: str) -> _Parameter | None:
        """Headers and cookies are the provider's to judge."""
        place = self._resolved(place)
        told = self._at(place)
        schema, where = told.get("schema"), told.get("in")
        if where not in ("path", "query") or not isinstance(schema, dict | bool):
            return None
        is_list = (
            isinstance(schema, dict) and self._at(self._resolved(f"{place}/schema")).get("type") == "array"
        )
        required = where == "path" or bool(told.get("required"))
        return _Parameter(where, str(told.get("name")), required, is_list, _Schema(self, f"{place}/schema"))

    def _body(self, place: str) -> tuple[dict[str, _Schema | None], bool]:
        try:
            place = self._resolved(place)
            told = self._at(place)
        except BadDescription:
            return {}, False
        bodies = {
            name.lower(): _Schema(self, f"{place}/content/{_escaped(name)}/schema")
            if _is_json(name.lower()) and "schema" in kind
            else None
            for name, kind in (told.get("content") or {}).items()
        }
        return bodies, bool(told.get("required"))

    def _resolved(self, place: str) -> str:
        """Where a place's own references lead to."""
        for _time in range(_MOST_REFERENCES):
            target = self._at(place).get("$ref")
            if target is None:
                return place
            if not str(target).startswith("#/"):
                raise BadDescription(f"{place}: only references within the description are followed.")
            place = str(target)[1:]
        raise BadDescription(f"{place}: its references go in a circle.")

    def _at(self, place: str) -> dict[str, Any]:
        found: Any = self.document
        for step in place.split("/")[1:]:
            name = unquote(step).replace("~1", "/").replace("~0", "~")
            try:
                found = found[int(name)] if isinstance(found, list) else found[name]
            except (KeyError, IndexError, TypeError, ValueError) as error:
                raise BadDescription(f"{place} is not there.") from error
        if not isinstance(found, dict):
            raise BadDescription(f"{place} is not of the form expected.")
        return found


def media_type(content_type: bytes) -> str:
    return content_type.partition(b";")[0].strip().lower().decode("latin-1")


def _of_parameter(parameter: _Parameter, values: Mapping[str, list[str]]) -> Iterator[Fault]:
    given = values.get(f"{parameter.place} {parameter.name}")
    field = f"{parameter.place}/{parameter.name}"
    if given is None:
        if parameter.is_required:
            yield Fault(field, "It is needed.")
        return
    if len(given) > 1 and not parameter.is_list:
        yield Fault(field, "It comes more than once.")
        return
    # Text that may be a number counts as what the schema takes: parameters have no types of their own.
    readings = (
        [[_read(text) for text in given], given] if parameter.is_list else [_read(given[-1]), given[-1]]
    )
    found = [list(parameter.schema.faults(reading)) for reading in readings]
    if all(found):
        yield from (Fault(field, message) for _where, message in found[0])


def _read(text: str) -> object:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, bool | int | float) else text


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two members with one name readers take the first or the last. :raises ValueError:"""
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("A name comes twice.")
    return made


def _no_json(name: str) -> Any:
    """NaN and the infinities (RFC 8259, 6)."""
    raise ValueError(f"{name} is no JSON.")


def _is_json(kind: str) -> bool:
    return kind == "application/json" or kind.endswith("+json")


def _escaped(name: str) -> str:
    """A step of a JSON pointer in a URI fragment."""
    return (
        name.replace("~", "~0").replace("/", "~1").replace("%", "%25").replace("{", "%7B").replace("}", "%7D")
    )


def _with_null(value: Any) -> Any:
    """`nullable` of OpenAPI 3.0 as JSON Schema says it."""
    if isinstance(value, list):
        return [_with_null(each) for each in value]
    if not isinstance(value, dict):
        return value
    made = {name: _with_null(each) for name, each in value.items()}
    if value.get("nullable") is True and isinstance(value.get("type"), str):
        made["type"] = [value["type"], "null"]
        if isinstance(value.get("enum"), list):
            made["enum"] = [*value["enum"], None]
    return made


def _nothing(address: str) -> Any:
    raise ValueError(f"{address} is not fetched.")
