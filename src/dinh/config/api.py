"""The JSON API of the whole house, under /api/v1/."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from dinh.config import law
from dinh.config.openapi import describe
from dinh.directory.rest import SessionAuth, TokenAuth
from dinh.kernel.rest import PlainRenderer, install_problems

MODULES = (
    "directory",
    "storage",
    "audit",
    "worklist",
    "notify",
    "signing",
    "exchange",
    "records",
    "documents",
)


class DescribedAPI(NinjaAPI):
    """
    An API whose document also tells what all endpoints share: problem documents, idempotency keys, files.

    It is written once in the life of a process, which takes 0.4 s.
    """

    _document: OpenAPISchema | None = None

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        if self._document is None:
            schema = super().get_openapi_schema(**options)
            describe(schema)
            self._document = schema
        return self._document


def build_api() -> NinjaAPI:
    """The API with the router of each module that has one (`dinh.<module>.rest`)."""
    api = DescribedAPI(
        title="Đình",
        version="1",
        urls_namespace="api",
        openapi_url="/openapi.json",
        docs_url=None,
        renderer=PlainRenderer(),
        auth=[TokenAuth(), SessionAuth()],
    )
    install_problems(api)
    api.add_router("", law.router)
    for module in MODULES:
        if find_spec(f"dinh.{module}.rest"):
            api.add_router("", import_module(f"dinh.{module}.rest").router)
    return api


api = build_api()
