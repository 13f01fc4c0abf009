"""The mail channel: several notifications in one plain letter, by SMTP."""

from collections.abc import Sequence
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, override

from dinh.directory.models import Account, Person
from dinh.notify.channels import Channel, Notice


def is_ready() -> bool:
    return bool(settings.SMTP_URL)


def address_of(person: Person) -> str:
    return person.email


def send_digest(person: Person, notices: Sequence[Notice], key: str) -> None:
    """
    Send one mail, in the language of the person's account. A try that is repeated has the same Message-ID, by
    which mail programs drop the second copy.

    :raises OSError: if the server cannot be reached; also what smtplib raises if it refuses
    """
    language = Account.objects.filter(person=person).values_list("language", flat=True).first()
    with override(language or settings.LANGUAGE_CODE):
        subject = ngettext(
            "Đình: %(count)d new notification", "Đình: %(count)d new notifications", len(notices)
        )
        context = {"person": person, "notices": notices, "base": settings.BASE_URL.rstrip("/")}
        body = render_to_string("notify/mail/digest.txt", context)
        subject %= {"count": len(notices)}
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    headers = {"Message-ID": f"<{key}@{domain}>", "Auto-Submitted": "auto-generated"}
    EmailMessage(subject, body, to=[person.email], headers=headers).send()


MAIL = Channel(label=_("E-mail"), is_ready=is_ready, address_of=address_of, send=send_digest)
