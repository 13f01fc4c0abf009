"""The letters that the demo begins with."""

from collections import Counter

import pytest
from django.core.management import call_command
from django.test import override_settings
from procrastinate.contrib.django.models import ProcrastinateJob

from dinh.directory.models import Account
from dinh.documents.models import Incoming, Outgoing
from dinh.documents.operations.approval import return_draft
from dinh.documents.operations.demo import make_demo_letters, wish_demo_letters


@pytest.fixture(scope="module")
def letters(module_database, tmp_path_factory):
    """The demo's province and its letters."""
    with override_settings(DATA_DIR=tmp_path_factory.mktemp("demo"), DEMO=True):
        call_command("load_demo", verbosity=0)
        make_demo_letters()
        yield


def person(username):
    return Account.objects.get(username=username).current_appointment


@pytest.mark.slow
def test_letters_stand_everywhere_on_their_way_and_are_made_once(letters, own_changes):
    sent, arrived = states()

    make_demo_letters()

    assert sent == {"drafting": 1, "reviewing": 3, "signed": 1, "issued": 7}
    commune = person("vanthu.quangkhe").unit_id
    at_commune = Incoming.objects.filter(unit=commune).values_list("state", flat=True)
    assert sorted(at_commune) == ["01", "02", "03", "04", "05", "06"]
    assert Incoming.objects.filter(unit=person("vanthu.stttt").unit_id).get().state == "01"
    assert states() == (sent, arrived)


@pytest.mark.slow
def test_what_somebody_took_elsewhere_stays_there(letters, own_changes):
    waiting = Outgoing.objects.get(document__subject__startswith="kiểm tra công tác bưu chính")
    head = person("truongphong.stttt")
    return_draft(
        outgoing_id=waiting.pk, actor=head, reason="Bổ sung thời gian kiểm tra.", at=waiting.created_at
    )

    make_demo_letters()

    waiting.refresh_from_db()
    assert waiting.state == "returned"


@pytest.mark.django_db
@pytest.mark.parametrize(("wanted", "jobs"), [(True, 1), (False, 0)])
def test_they_are_asked_for_once_and_only_where_wanted(settings, wanted, jobs):
    settings.DEMO_LETTERS = wanted

    wish_demo_letters()
    wish_demo_letters()

    asked = ProcrastinateJob.objects.filter(task_name="documents.tasks.make_letters_of_demo")
    assert asked.count() == jobs


def states():
    sent = Counter(Outgoing.objects.values_list("state", flat=True))
    return dict(sent), Counter(Incoming.objects.values_list("state", flat=True))
