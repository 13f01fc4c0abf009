"""
Which fields of which records refer to blobs. Each module declares its own at start-up; what none of them refers to
is deleted after some days (`orphans`). A foreign key that nobody declared stops the start (`undeclared`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.core.checks import CheckMessage, Error
from django.db.models import Exists, ForeignKey, OuterRef, QuerySet

from dinh.kernel.registry import Registry

if TYPE_CHECKING:
    from dinh.storage.models import Blob


@dataclass(frozen=True, slots=True)
class Reference:
    """
    :param model: such as `documents.Document`
    :param field: a foreign key to a blob, or a column that holds its SHA-256 in hex
    """

    model: str
    field: str


references: Registry[Reference] = Registry("references to blobs")


def refers(model: str, *fields: str) -> None:
    """Declare that these fields of a model refer to blobs, which are kept as long as a row does so."""
    for field in fields:
        references.register(f"{model}.{field}", Reference(model, field))


def without_reference(blobs: "QuerySet[Blob]") -> "QuerySet[Blob]":
    """Those of the blobs that no record refers to; one condition each, for which PostgreSQL has a join of its own."""
    for each in references:
        records = apps.get_model(each.model)._base_manager.filter(**{each.field: OuterRef("pk")})
        blobs = blobs.filter(~Exists(records))
    return blobs


def undeclared() -> Iterator[str]:
    """Foreign keys to blobs that no module has declared."""
    from dinh.storage.models import Blob

    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.local_fields:
            name = f"{model._meta.app_label}.{model.__name__}.{field.name}"
            if isinstance(field, ForeignKey) and field.related_model is Blob and references.get(name) is None:
                yield name


def check_declared(**_options: Any) -> list[CheckMessage]:
    """Django's system check: start-up is refused while a reference is unknown."""
    hint = "Call dinh.storage.api.refers in the module's AppConfig.ready."
    return [
        Error(f"{name} refers to blobs and is not declared.", hint=hint, id="storage.E001")
        for name in undeclared()
    ]
