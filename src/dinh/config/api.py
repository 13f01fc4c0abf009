"""The JSON API of the whole house, under /api/v1/."""

from importlib import import_module
from importlib.util import find_spec

from ninja import NinjaAPI

from dinh.config import law
from dinh.directory.rest import SessionAuth, TokenAuth
from dinh.kernel.rest import install_problems

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


def build_api() -> NinjaAPI:
    """The API with the router of each module that has one (`dinh.<module>.rest`)."""
    api = NinjaAPI(
        title="Đình",
        version="1",
        urls_namespace="api",
        openapi_url="/openapi.json",
        docs_url=None,
        auth=[TokenAuth(), SessionAuth()],
    )
    install_problems(api)
    api.add_router("", law.router)
    for module in MODULES:
        if find_spec(f"dinh.{module}.rest"):
            api.add_router("", import_module(f"dinh.{module}.rest").router)
    return api


api = build_api()
