"""Each bad setting is refused by its name, by `dinh doctor` and by whatever starts."""

import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from dinh.config.environment import Environment

BAD = [
    ("PORT", "eight"),
    ("DINH_WEB_WORKERS", "0"),
    ("DINH_MAX_UPLOAD_MB", "-1"),
    ("DINH_HTTPS", "maybe"),
    ("DINH_LOG_FORMAT", "xml"),
    ("DINH_TRUSTED_PROXIES", "10.0.0.0/99"),
    ("DINH_DATABASE_URL", "mysql://localhost/dinh"),
    ("DINH_DATABASE_URL", "postgresql://localhost:port/dinh"),
    ("DINH_BASE_URL", "dinh.backan.gov.vn"),
    ("DINH_TRUST_ANCHORS", "/no/such/root.pem"),
    ("DINH_SEAL_KEY", "/no/such/key.pem"),
    ("DINH_LAW_DIR", "/no/such/folder"),
    ("DINH_TOTP_ROLES", "administrator king"),
    ("DINH_SECRET_KEY", "short"),
    ("DINH_TRUSTED_ORIGINS", "dinh.backan.gov.vn"),
    ("DINH_CLAMAV", "localhost"),
    ("DINH_SIGNING_PLUGIN_URL", "http://127.0.0.1:8987"),
    ("DINH_PKCS11_MODULE", "/no/such/module.so"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "value"), BAD)
def test_doctor_names_a_bad_setting(name, value, tmp_path):
    given = os.environ | {"DINH_DATA_DIR": str(tmp_path), name: value}

    done = subprocess.run(
        [sys.executable, "-m", "dinh", "doctor"], env=given, capture_output=True, text=True, timeout=60
    )

    assert done.returncode == 1
    assert done.stdout.splitlines()[0].startswith(f" BAD  {name}")
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("kind", "value"),
    [("number", "-3"), ("number", "1.5"), ("flag", "maybe"), ("folder", "/no/such"), ("file", "/no/such"),
     ("database", "postgresql://h:x/n"), ("url", "example.org")],
)  # fmt: skip
def test_environment_names_what_it_refuses(kind, value, monkeypatch):
    monkeypatch.setenv("DINH_THING", value)
    given = {} if kind in ("folder", "file") else {"default": "postgresql://h/n" if kind == "database" else 0}

    with pytest.raises(ImproperlyConfigured, match=r"^DINH_THING"):
        getattr(Environment(), kind)("DINH_THING", **given)
