import io

import pytest
from django.core.management import CommandError, call_command

from dinh.directory.models import Account, Unit, UnitGroup

pytestmark = pytest.mark.django_db
GIVEN = ("Văn phòng Ủy ban nhân dân tỉnh", "VPUBND", "Bắc Kạn", "Lường Thị Vân", "quantri")


def test_found_directory_makes_an_administrator_who_must_choose_a_password(client):
    said = io.StringIO()
    call_command("found_directory", *GIVEN, stdout=said)
    password = said.getvalue().split()[1]

    answer = client.post("/directory/sign-in/", {"username": "quantri", "password": password}, follow=True)

    held = Account.objects.get().current_appointment
    assert (held.unit.name, held.unit.keeps_directory, held.roles) == (GIVEN[0], True, ["administrator"])
    assert answer.redirect_chain[-1][0].startswith("/directory/sign-in/password/")


def test_found_directory_refuses_an_installation_with_units():
    call_command("found_directory", *GIVEN, stdout=io.StringIO())

    with pytest.raises(CommandError):
        call_command("found_directory", *GIVEN, stdout=io.StringIO())
    assert Unit.objects.count() == 1


def test_found_directory_begins_with_the_groups_that_follow_the_tree():
    call_command("found_directory", *GIVEN, stdout=io.StringIO())

    groups = UnitGroup.objects.values_list("owner", "level", "bloc")
    assert list(groups) == [(None, "commune", bloc) for bloc in ("government", "party", "mass")]
