"""The address of the mail server."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from dinh.config.environment import Environment


@pytest.mark.parametrize(
    ("url", "port", "tls"),
    [("smtp://mail.example", 25, False), ("smtp+starttls://u:p%40s@mail.example:587", 587, True)],
)
def test_mail_server_is_read_from_its_address(monkeypatch, url, port, tls):
    monkeypatch.setenv("DINH_SMTP_URL", url)

    found = Environment().mail_server("DINH_SMTP_URL")

    assert (found["EMAIL_HOST"], found["EMAIL_PORT"], found["EMAIL_USE_TLS"]) == ("mail.example", port, tls)


@pytest.mark.parametrize("url", ["http://mail.example", "smtp://", "mail.example:25"])
def test_what_is_no_mail_server_is_refused(monkeypatch, url):
    monkeypatch.setenv("DINH_SMTP_URL", url)

    with pytest.raises(ImproperlyConfigured, match="DINH_SMTP_URL"):
        Environment().mail_server("DINH_SMTP_URL")
