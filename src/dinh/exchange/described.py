"""One operation as its OpenAPI description tells it: what a person fills in to try it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

PLACES: Final = ("path", "query", "header")
MAX_PARAMETERS: Final = 40
_DEEPEST: Final = 6
# What the gateway or HTTP itself sets.
_NOT_GIVEN: Final = frozenset(
    {"authorization", "content-type", "content-length", "accept", "host", "connection"}
)
_SAMPLES: Final[Mapping[str, Any]] = {"integer": 0, "number": 0, "boolean": False, "string": ""}


@dataclass(frozen=True, slots=True)
class Parameter:
    """
    :param place: path, query or header
    :param options: the values that are allowed, none if any is
    """

    place: str
    name: str
    description: str
    is_required: bool
    example: str
    options: tuple[str, ...] = ()

    @property
    def field(self) -> str:
        return f"{self.place}.{self.name}"


@dataclass(frozen=True, slots=True)
class OperationForm:
    """
    :param body: example of a JSON body, None if the operation takes none
    :param fields: what the body's fields mean, by name
    :param answers: what it may answer: status and words
    """

    summary: str
    description: str
    parameters: tuple[Parameter, ...]
    body: str | None
    fields: tuple[tuple[str, str], ...]
    answers: tuple[tuple[str, str], ...]


def operation_form(document: Mapping[str, Any], *, method: str, path: str) -> OperationForm:
    """
    :param document: OpenAPI 3, whoever wrote it: what cannot be read in it is left out
    """
    item = _dict(_dict(document.get("paths")).get(path))
    told = _dict(item.get(method.lower()))
    schema, example = _body(document, told)
    return OperationForm(
        summary=str(told.get("summary") or ""),
        description=str(told.get("description") or ""),
        parameters=_parameters(
            document, path, [*_list(item.get("parameters")), *_list(told.get("parameters"))]
        ),
        body=example,
        fields=tuple(
            (name, str(each["description"]))
            for name, raw in _dict(schema.get("properties")).items()
            if (each := _followed(document, raw)).get("description")
        ),
        answers=tuple(
            (str(status), str(_followed(document, answer).get("description") or ""))
            for status, answer in _dict(told.get("responses")).items()
        ),
    )


def _parameters(document: Mapping[str, Any], path: str, rows: list[Any]) -> tuple[Parameter, ...]:
    """Those of the operation win over those of its path; what the path names and nobody describes is text."""
    found: dict[tuple[str, str], Parameter] = {}
    for row in rows:
        each = _followed(document, row)
        place, name = str(each.get("in")), str(each.get("name") or "")
        if place in PLACES and name and name.lower() not in _NOT_GIVEN:
            found[place, name] = _parameter(document, place, name, each)
    for part in path.split("/"):
        if part.startswith("{") and ("path", part[1:-1]) not in found:
            found["path", part[1:-1]] = Parameter("path", part[1:-1], "", True, "")
    return tuple(found.values())[:MAX_PARAMETERS]


def _parameter(document: Mapping[str, Any], place: str, name: str, told: Mapping[str, Any]) -> Parameter:
    schema = _followed(document, told.get("schema"))
    example = next(
        (each for each in (told.get("example"), schema.get("example"), schema.get("default")) if each is not None), ""
    )  # fmt: skip
    return Parameter(
        place=place,
        name=name,
        description=str(told.get("description") or schema.get("description") or ""),
        is_required=place == "path" or told.get("required") is True,
        example=str(example),
        options=tuple(str(each) for each in _list(schema.get("enum")))[:100],
    )


def _body(document: Mapping[str, Any], told: Mapping[str, Any]) -> tuple[Mapping[str, Any], str | None]:
    """The schema and an example of the JSON body."""
    content = _dict(_followed(document, told.get("requestBody")).get("content"))
    kind = next((each for name, each in content.items() if "json" in str(name)), None)
    if kind is None:
        return {}, None
    media = _dict(kind)
    schema = _followed(document, media.get("schema"))
    named = [_followed(document, each).get("value") for each in _dict(media.get("examples")).values()]
    example = next((each for each in (media.get("example"), *named) if each is not None), None)
    if example is None:
        example = _sample(document, schema, _DEEPEST)
    return schema, json.dumps(example, ensure_ascii=False, indent=2)


def _sample(document: Mapping[str, Any], raw: Any, depth: int) -> Any:
    """A value that fits a schema, as far as it is simple."""
    schema = _followed(document, raw)
    for name in ("example", "default"):
        if schema.get(name) is not None:
            return schema[name]
    if options := _list(schema.get("enum")):
        return options[0]
    if depth and (schema.get("type") == "object" or "properties" in schema):
        fields = list(_dict(schema.get("properties")).items())[:100]
        return {name: _sample(document, each, depth - 1) for name, each in fields}
    if depth and schema.get("type") == "array":
        return [_sample(document, schema.get("items"), depth - 1)]
    return _SAMPLES.get(str(schema.get("type")))


def _followed(document: Mapping[str, Any], value: Any) -> Mapping[str, Any]:
    """What a reference within the document stands for; others, and circles, are empty."""
    for _step in range(_DEEPEST):
        found = _dict(value)
        reference = found.get("$ref")
        if not isinstance(reference, str):
            return found
        if not reference.startswith("#/"):
            return {}
        value = document
        for part in reference[2:].split("/"):
            value = _dict(value).get(part.replace("~1", "/").replace("~0", "~"))
    return {}


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
