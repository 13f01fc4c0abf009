"""The pages' own health, which in the demo needs the sandbox."""

import pytest

from dinh.signing.operations.demo import issue_demo_certificates

pytestmark = pytest.mark.django_db


def down(client):
    return client.get("/healthz").json()["down"]


def test_health_asks_the_sandbox_in_the_demo(client, sandbox):
    issue_demo_certificates()

    assert "sandbox" not in down(client)


def test_health_names_a_silent_sandbox(client, sandbox, settings):
    settings.SANDBOX_URL = "http://127.0.0.1:9"

    assert down(client)["sandbox"].startswith("http://127.0.0.1:9/healthz: ")


def test_health_passes_on_what_the_sandbox_lacks(client, sandbox, tmp_path):
    folder, sandbox.folder = sandbox.folder, tmp_path

    reason = down(client)["sandbox"]

    sandbox.folder = folder
    assert f"{tmp_path / 'root.pem'} is missing" in reason


def test_health_leaves_the_sandbox_alone_elsewhere(client, settings):
    settings.DEMO, settings.SANDBOX_URL = False, "http://127.0.0.1:9"

    assert "sandbox" not in down(client)
