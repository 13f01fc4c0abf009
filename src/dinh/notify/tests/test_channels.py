"""Being told outside the page."""

import socket
import threading
from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.test import override_settings

from dinh.directory.tests.factories import AccountFactory, AppointmentFactory
from dinh.kernel.calendar import VIETNAM
from dinh.notify.api import notify
from dinh.notify.models import ChannelChoice, Notification, Pace
from dinh.notify.operations.choosing import NotReachable, choose_pace
from dinh.notify.operations.digests import choices_due, send_digest

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 4, 10, 0, tzinfo=VIETNAM)
"""A Wednesday morning."""


@pytest.fixture
def me(settings):
    settings.SMTP_URL = "smtp://127.0.0.1:25"
    settings.BASE_URL = "https://dinh.backan.example"
    account = AccountFactory(current_appointment__person__email="hoa.nt@backan.example")
    return account.current_appointment


def choose(me, pace=Pace.SOON, at=NOW):
    return choose_pace(channel="mail", pace=pace, actor=me, at=at)


def tell(*people, at=NOW, key="a"):
    ids = [one.pk for one in people]
    notify(appointment_ids=ids, kind="t", text="Văn bản đã đến", url="/d/1/", at=at, dedupe_key=key)


def minutes(number):
    return NOW + timedelta(minutes=number)


def test_what_happened_since_is_sent_together_and_once(me):
    tell(me, at=minutes(-1), key="before")
    choice = choose(me)
    tell(me, at=minutes(1), key="a")
    tell(me, AppointmentFactory(), at=minutes(2), key="b")

    sent = [send_digest(choice_id=choice.pk, until=minutes(3)) for _time in range(2)]

    assert sent == [2, 0]
    (letter,) = mail.outbox
    assert letter.to == ["hoa.nt@backan.example"]
    assert letter.subject == "Đình: 2 thông báo mới"
    assert letter.body.count("https://dinh.backan.example/d/1/") == 2
    assert "Kính gửi Nông Thị Hoa," in letter.body


def test_what_was_read_on_the_page_is_not_sent(me):
    choice = choose(me)
    tell(me, at=minutes(1))
    Notification.objects.update(read_at=minutes(2))

    assert send_digest(choice_id=choice.pk, until=minutes(3)) == 0
    assert mail.outbox == []


def test_failed_digest_is_sent_again_with_the_same_key(me, monkeypatch):
    choice = choose(me)
    tell(me, at=minutes(1))
    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.EmailMessage.send", refuse)
        with pytest.raises(ConnectionRefusedError):
            send_digest(choice_id=choice.pk, until=minutes(3))

    assert send_digest(choice_id=choice.pk, until=minutes(8)) == 1
    assert mail.outbox[0].extra_headers["Message-ID"].startswith(f"<notify.{choice.pk}.")


def refuse(_letter):
    raise ConnectionRefusedError


@pytest.mark.parametrize("state", ["shut", "moved"])
def test_who_cannot_act_any_more_is_not_told(me, state):
    choice = choose(me)
    tell(me, at=minutes(1))
    if state == "shut":
        me.person.account.is_active = False
        me.person.account.save()
    else:
        me.end_date = (NOW - timedelta(days=1)).date()
        me.save()

    assert send_digest(choice_id=choice.pk, until=minutes(3)) == 0


@pytest.mark.parametrize(
    ("pace", "at", "is_due"),
    [
        (Pace.OFF, minutes(60), False),
        (Pace.SOON, minutes(1), False),
        (Pace.SOON, minutes(5), True),
        (Pace.DAILY, minutes(60), False),
        (Pace.DAILY, datetime(2026, 3, 5, 7, 0, tzinfo=VIETNAM), False),
        (Pace.DAILY, datetime(2026, 3, 5, 7, 35, tzinfo=VIETNAM), True),
    ],
)
def test_digest_is_due_at_the_pace_chosen(me, pace, at, is_due):
    choose(me, pace)

    assert choices_due(at=at).exists() == is_due


def test_daily_digest_waits_over_the_weekend(me):
    choose(me, Pace.DAILY, at=datetime(2026, 3, 6, 10, 0, tzinfo=VIETNAM))

    assert not choices_due(at=datetime(2026, 3, 7, 9, 0, tzinfo=VIETNAM)).exists()
    assert choices_due(at=datetime(2026, 3, 9, 9, 0, tzinfo=VIETNAM)).exists()


def test_channel_without_server_or_address_is_refused(me, settings):
    settings.SMTP_URL = ""
    with pytest.raises(NotReachable):
        choose(me)
    settings.SMTP_URL = "smtp://x"
    me.person.email = ""
    with pytest.raises(NotReachable):
        choose(me)

    assert choose(me, Pace.OFF).pace == Pace.OFF


def test_page_and_rest_keep_the_choice(client, me):
    client.force_login(me.person.account)

    client.post("/notifications/choices/mail/", {"pace": "daily"})
    kept = ChannelChoice.objects.get()
    assert (kept.person, kept.pace) == (me.person, Pace.DAILY)
    assert client.get("/notifications/choices/").context["ways"][0].form.initial == {"pace": "daily"}
    body = {"pace": "soon"}
    client.post("/api/v1/notifications/choices/mail", body, content_type="application/json")
    assert client.get("/api/v1/notifications/choices").json() == [
        {"channel": "mail", "is_ready": True, "address": "hoa.nt@backan.example", "pace": "soon"}
    ]


@pytest.mark.parametrize("url", ["/notifications/choices/sms/", "/notifications/choices/mail/"])
def test_unknown_channels_and_paces_are_not_found(client, me, url):
    client.force_login(me.person.account)

    assert client.post(url, {"pace": "hourly" if "mail" in url else "off"}).status_code == 404


def test_mail_leaves_by_smtp(me):
    server = Sink()
    choice = choose(me)
    tell(me, at=minutes(1))

    with override_settings(
        EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=server.port,
        DEFAULT_FROM_EMAIL="dinh@backan.example",
    ):
        send_digest(choice_id=choice.pk, until=minutes(3))

    assert "rcpt TO:<hoa.nt@backan.example>" in server.heard()
    assert f"Message-ID: <notify.{choice.pk}.{NOW.timestamp():.6f}@backan.example>" in server.heard()


class Sink:
    """Just enough of an SMTP server to take one mail (RFC 5321)."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.lines = []
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        peer, _address = self.listener.accept()
        with peer, peer.makefile("rw", newline="\r\n", encoding="utf-8") as wire:
            self.say(wire, "220 sink")
            is_data = False
            for line in wire:
                self.lines.append(line.strip())
                if is_data and line.strip() != ".":
                    continue
                is_data = line.upper().startswith("DATA")
                self.say(wire, "354 go on" if is_data else "250 fine")

    def say(self, wire, line):
        wire.write(f"{line}\n")
        wire.flush()

    def heard(self):
        self.thread.join(5)
        return self.lines
