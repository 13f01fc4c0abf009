"""Each bad setting is refused by its name, by `dinh doctor` and by whatever starts."""

import os
import re
import subprocess
import sys
import threading
from ipaddress import ip_network
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.core import signing
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

from dinh.config.doctor import _gateway, _proxies
from dinh.config.environment import Environment
from dinh.config.way_in import findings, judged

REFUSED = {
    "PORT": ("eight", "70000"),
    "DINH_HOST": ("http://10.1.2.3",),
    "DINH_DATABASE_URL": ("mysql://localhost/dinh", "postgresql://localhost:port/dinh"),
    "DINH_DATABASE_PREPARES": ("sometimes",),
    "DINH_SECRET_KEY": ("short",),
    "DINH_ALLOWED_HOSTS": ("https://dinh.backan.gov.vn", "dinh.backan.gov.vn:443"),
    "DINH_TRUSTED_ORIGINS": ("dinh.backan.gov.vn",),
    "DINH_BASE_URL": ("dinh.backan.gov.vn", "https://host:port"),
    "DINH_SANDBOX_URL": ("localhost:8001",),
    "DINH_TIMESTAMP_URL": ("ftp://tsa.example",),
    "DINH_HTTPS": ("maybe",),
    "DINH_TRUSTED_PROXIES": ("10.0.0.0/99",),
    "DINH_SIGN_IN_FAILURES_PER_ADDRESS": ("-1",),
    "DINH_GATEWAY_HOST": ("10.1.2.300",),
    "DINH_GATEWAY_PORT": ("0",),
    "DINH_GATEWAY_URL": ("gateway",),
    "DINH_WIRE_HOST": ("*",),
    "DINH_CALLER_TLS_HOST": ("10.1.2.300",),
    "DINH_DEMO_LETTERS": ("12",),
    "DINH_DEMO": ("demo",),
    "DINH_DEBUG": ("2",),
    "DINH_MAX_UPLOAD_MB": ("-1", "1.5"),
    "DINH_ORPHANS_KEPT_DAYS": ("1",),
    "DINH_EXCHANGE_KEYS": ("/no/such/keys.json",),
    "DINH_EXCHANGE_LOCAL_PROVIDERS": ("near",),
    "DINH_EXCHANGE_LOG_MONTHS": ("-1",),
    "DINH_CLAMAV": ("localhost",),
    "DINH_S3_BUCKET": ("Blobs of Bắc Kạn",),
    "DINH_S3_ENDPOINT": ("s3.example",),
    "DINH_S3_SECRET_KEY": ("without the access key",),
    "DINH_MAX_VERIFIED_MB": ("0",),
    "DINH_SMTP_URL": ("mail.example",),
    "DINH_MAIL_FROM": ("dinh",),
    "DINH_LAW_DIR": ("/no/such/folder",),
    "DINH_PROVINCE_CODE": ("Bắc Kạn",),
    "DINH_WEB_WORKERS": ("0",),
    "DINH_WEB_THREADS": ("four",),
    "DINH_WORKER_CONCURRENCY": ("0",),
    "DINH_TRUST_ANCHORS": ("/no/such/root.pem",),
    "DINH_PKCS11_MODULE": ("/no/such/module.so",),
    "DINH_REMOTE_SIGNING_URL": ("csc",),
    "DINH_SIGNING_PLUGIN_URL": ("http://127.0.0.1:8987",),
    "DINH_SEAL_KEY": ("/no/such/key.pem",),
    "DINH_SEAL_CERTIFICATE": ("/no/such/certificate.pem",),
    "DINH_LANGUAGE": ("fr",),
    "DINH_LOG_LEVEL": ("LOUD",),
    "DINH_LOG_FORMAT": ("xml",),
}
"""Values that nothing starts with; all that are wrong are told at once."""
ALONE = {
    "DINH_S3_ACCESS_KEY": "without a bucket",
    "DINH_S3_REGION": "vn-1",
    "DINH_PKCS11_PIN": "1234",
    "DINH_REMOTE_SIGNING_TOKEN": "secret",
}
"""Of no use without another variable."""
JUDGED = {
    "DINH_TOTP_ROLES": "administrator king",
    "DINH_TRUST_ANCHORS": __file__,
    "DINH_SEAL_KEY": __file__,
    "DINH_SEAL_CERTIFICATE": __file__,
    "DINH_GATEWAY_NAME": "Cổng 1",
    "DINH_PKCS11_MODULE": "/bin/ls",
    "DINH_REVOCATION_DIR": "/proc/version",
}
"""Values that only the doctor looks into."""
OF_GATEWAY = {
    "DINH_TOKEN_SECONDS": "5",
    "DINH_WIRE_PORT": "70000",
    "DINH_CALLER_TLS_PORT": "70000",
    "DINH_XROAD_NETWORKS": "10.0.0.0/99",
    "DINH_GATEWAY_SPOOL_MB": "0",
    "DINH_GATEWAY_EST_URL": "http://ca.test/.well-known/est",
    "DINH_GATEWAY_KEY": "/tmp/key.pem",
    "DINH_GATEWAY_CERTIFICATE": "/tmp/certificate.pem",
}
"""The gateway's own, refused one after the other."""
ANY_VALUE = {"DINH_DATA_DIR"}
"""A folder that is made where it is missing."""


def doctor(tmp_path, **given) -> list[str]:
    environment = os.environ | {"DINH_DATA_DIR": str(tmp_path)} | given
    done = subprocess.run(
        [sys.executable, "-m", "dinh", "doctor"], env=environment, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (1, "")
    return [line.removeprefix(" BAD  ") for line in done.stdout.splitlines() if line.startswith(" BAD  ")]


def unnamed(given, told: list[str]) -> set[str]:
    return {name for name in given if not any(re.search(rf"\b{name}\b", line) for line in told)}


@pytest.mark.slow
@pytest.mark.parametrize("turn", [0, 1])
def test_doctor_names_all_that_is_refused_at_once(turn, tmp_path):
    given = {name: values[turn] for name, values in REFUSED.items() if len(values) > turn}

    told = doctor(tmp_path, **given)

    assert unnamed(given, told) == set()


@pytest.mark.slow
def test_doctor_names_what_is_of_no_use_alone(tmp_path):
    told = doctor(tmp_path, **ALONE)

    assert unnamed(ALONE, told) == set()


@pytest.mark.slow
def test_doctor_looks_into_what_settings_name(tmp_path):
    told = doctor(tmp_path, **JUDGED)

    assert unnamed(JUDGED, told) == {"DINH_SEAL_CERTIFICATE"}  # told of together with its key
    assert " ".join(told).count(__file__) == 3


@pytest.mark.parametrize(("name", "value"), OF_GATEWAY.items())
def test_doctor_names_what_the_gateway_refuses(name, value, monkeypatch):
    monkeypatch.setenv(name, value)

    assert [name in told for mark, told in _gateway() if mark == "BAD"] == [True]


def test_every_documented_setting_is_judged():
    manual = (Path(__file__).parents[4] / "docs" / "operate.md").read_text().split("## Processes")[0]
    rows = [line.split("|")[1] for line in manual.splitlines() if line.startswith("| `")]
    documented = {name for row in rows for name in re.findall(r"`(\w+)`", row)}

    assert documented - {*REFUSED, *ALONE, *JUDGED, *OF_GATEWAY} == ANY_VALUE


PROXY = "10.1.2.3"
TOLD = {"peer": PROXY, "forwarded": "203.0.113.7", "is_believed": True, "is_secure": True}


@pytest.mark.parametrize(
    ("told", "named"),
    [
        ({}, []),
        ({"is_believed": False}, ["DINH_TRUSTED_PROXIES"]),
        ({"forwarded": "", "is_believed": False}, ["DINH_HTTPS"]),
        ({"is_secure": False}, ["DINH_HTTPS"]),
    ],
)
def test_doctor_tells_how_requests_come(told, named, settings):
    settings.BASE_URL = "https://dinh.backan.gov.vn"

    found = [text for mark, text in judged(TOLD | told) if mark == "WARN"]

    assert [text.split(":")[0] for text in found] == named
    assert all(PROXY in text for text in found if "TRUSTED" in text)


@pytest.mark.parametrize(
    ("https", "host", "proxies", "amount"),
    [(False, "0.0.0.0", None, 0), (True, "127.0.0.1", None, 0), (True, "10.0.0.2", None, 1), (True, "::1", "", 1)],
)  # fmt: skip
def test_doctor_warns_of_a_proxy_that_is_not_named(https, host, proxies, amount, settings, monkeypatch):
    monkeypatch.delenv("DINH_BASE_URL", raising=False)
    monkeypatch.setenv("DINH_HOST", host)
    if proxies is not None:
        monkeypatch.setenv("DINH_TRUSTED_PROXIES", proxies)
    settings.HTTPS, settings.TRUSTED_PROXIES = https, [] if proxies == "" else [ip_network("127.0.0.1")]

    assert [text.startswith("DINH_TRUSTED_PROXIES") for _mark, text in _proxies()] == [True] * amount


@pytest.fixture
def house():
    """The house over HTTP, without the database."""
    with make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class Quiet(WSGIRequestHandler):
    def log_message(self, *_words):
        pass


def test_the_doctor_asks_by_the_address_that_people_use(house, settings, monkeypatch):
    monkeypatch.setenv("DINH_BASE_URL", house)
    settings.BASE_URL = house
    assert list(findings()) == [("ok", f"DINH_BASE_URL: {house} leads here")]

    settings.BASE_URL = f"{house}/elsewhere"
    assert [mark for mark, _text in findings()] == ["WARN"]
    settings.BASE_URL = "http://127.0.0.1:9"
    assert [text.startswith("DINH_BASE_URL: http://127.0.0.1:9 does not") for _m, text in findings()] == [
        True
    ]


def test_the_way_in_is_told_to_the_doctor_alone(client, settings):
    asked = {"X-Asked-By": signing.dumps("doctor", salt="config.way_in"), "X-Forwarded-For": "203.0.113.7"}
    settings.TRUSTED_PROXIES = []

    unnamed = client.get("/healthz/way-in", headers=asked).json()
    settings.TRUSTED_PROXIES = [ip_network("127.0.0.1")]

    assert unnamed == {
        "peer": "127.0.0.1", "forwarded": "203.0.113.7", "is_believed": False, "is_secure": False,
    }  # fmt: skip
    assert client.get("/healthz/way-in", headers=asked).json()["is_believed"] is True
    assert client.get("/healthz/way-in", headers={"X-Asked-By": "doctor"}).status_code == 404


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
