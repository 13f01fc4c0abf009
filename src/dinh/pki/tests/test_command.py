import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dinh.pki.command import verify_main

from .letters import NOON
from .second_writer import Office
from .test_verify import one


@pytest.fixture
def files(authority, tmp_path, monkeypatch):
    monkeypatch.setenv("DINH_REVOCATION_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("DINH_LANGUAGE", "en")
    (tmp_path / "ca.pem").write_bytes(authority.root.pem)
    (tmp_path / "ca.crl").write_bytes(authority.crl(at=NOON, days=36500))
    (tmp_path / "a.pdf").write_bytes(one(authority, stamper=authority.stamper(NOON)))
    return tmp_path


def arguments(files, *more):
    return [str(files / "a.pdf"), "--trust", str(files / "ca.pem"), "--offline", "--json", *more]


def test_command_prints_json_and_exits_0_for_a_valid_file(files, capsys):
    code = verify_main(arguments(files, "--crl", str(files / "ca.crl")))

    data = json.loads(capsys.readouterr().out)
    assert (code, data["verdict"]) == (0, "valid")
    assert [item["field"] for item in data["signatures"]] == ["S1"]


def test_command_exits_2_where_revocation_is_not_known(files, capsys):
    assert verify_main(arguments(files)) == 2
    assert json.loads(capsys.readouterr().out)["verdict"] == "indeterminate"


def test_command_exits_1_for_an_altered_file(files, capsys):
    office = Office((files / "a.pdf").read_bytes())
    office.update({3: b"<< /Length 0 >>\nstream\n\nendstream"})
    (files / "a.pdf").write_bytes(office.data)

    assert verify_main(arguments(files)[:-1]) == 1
    assert "INVALID" in capsys.readouterr().out


def test_command_exits_3_and_names_the_file_that_cannot_be_read(files, capsys, monkeypatch):
    monkeypatch.setenv("DINH_LANGUAGE", "vi")
    (files / "ca.pem").write_bytes(b"nothing")

    assert [verify_main(["/nonexistent.pdf"]), verify_main([str(files)]), verify_main(arguments(files))] == [
        3,
        3,
        3,
    ]
    assert capsys.readouterr().err.splitlines() == [
        "Không có tệp /nonexistent.pdf.",
        f"Không đọc được {files}. Hãy kiểm tra đó có phải là tệp và bạn có quyền đọc không.",
        f"{files / 'ca.pem'}: Tệp không chứa chứng thư số (PEM hoặc DER).",
    ]


def test_command_runs_without_settings_and_database_and_speaks_vietnamese(files):
    subprocess.run([sys.executable, "-m", "dinh.config.messages"], check=True, capture_output=True)
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("DINH_", "DJANGO_"))
    }
    environment |= {"HOME": str(files), "DINH_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    environment["PYTHONPATH"] = str(Path(__file__).parents[3])

    command = [sys.executable, "-m", "dinh", "verify", *arguments(files)[:-1]]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout.splitlines()[0]) == (2, "Kết luận: chưa xác định"), done.stderr
