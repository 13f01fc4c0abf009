"""What the doctor says of settings whose service, module or folder is not there, and of names that nothing reads."""

import socket

import pytest

from dinh.config import reach
from dinh.config.doctor import _missing
from dinh.config.up import missing_programs


@pytest.fixture
def open_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def shut_port():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # held, but nobody listens
        yield held.getsockname()[1]


def test_services_that_do_not_answer_are_named_with_what_follows(settings, monkeypatch, shut_port):
    settings.TIMESTAMP_URL = settings.REMOTE_SIGNING_URL = f"http://127.0.0.1:{shut_port}/tsa"
    monkeypatch.setenv("DINH_SMTP_URL", f"smtp://127.0.0.1:{shut_port}")

    told = list(reach.services())

    assert [mark for mark, _text in told] == ["WARN"] * 3
    assert [text.split(":")[0] for _mark, text in told] == [
        "DINH_TIMESTAMP_URL", "DINH_REMOTE_SIGNING_URL", "DINH_SMTP_URL",
    ]  # fmt: skip


def test_services_that_answer_are_well_and_none_is_asked_that_is_not_set(settings, monkeypatch, open_port):
    settings.TIMESTAMP_URL, settings.REMOTE_SIGNING_URL = f"http://127.0.0.1:{open_port}", ""
    monkeypatch.delenv("DINH_SMTP_URL", raising=False)

    assert list(reach.services()) == [("ok", "DINH_TIMESTAMP_URL: 127.0.0.1 answers")]


def test_a_module_that_is_none_and_a_missing_pin_are_bad(settings):
    settings.PKCS11_MODULE, settings.PKCS11_PIN = "/bin/ls", ""

    told = list(reach.security_module())

    assert [(mark, text.split()[0].rstrip(":")) for mark, text in told] == [
        ("BAD", "DINH_PKCS11_PIN"), ("BAD", "DINH_PKCS11_MODULE"),
    ]  # fmt: skip


def test_the_tokens_of_a_module_are_listed(settings, monkeypatch):
    settings.PKCS11_MODULE, settings.PKCS11_PIN = "/usr/lib/module.so", "1234"

    told = []
    for tokens in (["Văn thư", "Lãnh đạo"], []):
        monkeypatch.setattr(reach, "_tokens", lambda _module, found=tokens: found)
        told += reach.security_module()

    assert told[0] == ("ok", "DINH_PKCS11_MODULE: tokens Văn thư, Lãnh đạo")
    assert told[1][0] == "WARN"


def test_a_folder_of_revocation_lists_must_take_files(monkeypatch, tmp_path):
    told = {}
    for folder in (tmp_path / "made" / "later", "/proc/version"):
        monkeypatch.setenv("DINH_REVOCATION_DIR", str(folder))
        told[str(folder)] = [mark for mark, _text in reach.revocation_folder()]

    assert list(told.values()) == [[], ["BAD"]]


def test_a_mistyped_name_is_told_with_the_one_that_was_meant(monkeypatch):
    monkeypatch.setenv("DINH_TIMESTAMP_ULR", "http://tsa.example")
    monkeypatch.setenv("DINH_QWERTZ", "1")

    told = {text.split()[0]: text for _mark, text in reach.unknown_names()}

    assert told["DINH_TIMESTAMP_ULR"].endswith("Did you mean DINH_TIMESTAMP_URL?")
    assert told["DINH_QWERTZ"].endswith("nothing reads it.")
    assert "DINH_TIMESTAMP_URL" in reach.known_names()
    assert "DINH_QWERTZ" not in reach.known_names()


def test_names_are_known_wherever_the_release_lies(monkeypatch, tmp_path):
    package = tmp_path / "tests" / "dinh"
    (package / "config" / "tests").mkdir(parents=True)
    (package / "config" / "settings.py").write_text('number("DINH_PAGES")')
    (package / "config" / "tests" / "test_pages.py").write_text('setenv("DINH_PAGSE")')
    monkeypatch.setattr(reach, "__file__", str(package / "config" / "reach.py"))

    assert reach.known_names() == {"DINH_PAGES"}


def test_what_production_misses_is_told_with_what_follows(settings, monkeypatch):
    settings.TRUST_ANCHORS, settings.TIMESTAMP_URL = [], ""
    monkeypatch.delenv("DINH_SMTP_URL", raising=False)

    named = [text.split()[0] for _mark, text in _missing()]

    assert named[:3] == ["DINH_TRUST_ANCHORS", "DINH_SMTP_URL", "DINH_TIMESTAMP_URL"]


def test_a_start_tells_which_programs_the_machine_lacks(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "tesseract").touch(mode=0o755)

    told = missing_programs()
    (tmp_path / "soffice").touch(mode=0o755)

    assert told == [
        "soffice is missing. LibreOffice turns Word files into PDF: apt install libreoffice-writer-nogui"
    ]
    assert missing_programs() == []
