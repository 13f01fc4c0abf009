"""The tests' database, for other processes."""

import os
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.db import connection


def environment_of_tests() -> dict[str, str]:
    """So that another process works on the tests' database and folder, however the server is reached."""
    server = urlsplit(os.environ["DINH_DATABASE_URL"])
    database = connection.settings_dict["NAME"]
    own = {
        "DINH_DATABASE_URL": urlunsplit(server._replace(path=f"/{database}")),
        "DINH_DATA_DIR": os.path.dirname(settings.STORAGES["blobs"]["OPTIONS"]["location"]),
        "DINH_TIMESTAMP_URL": "",
        "DJANGO_SETTINGS_MODULE": "dinh.config.settings",
    }
    return {**os.environ, **own}
