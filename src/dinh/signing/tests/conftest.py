import pytest

from dinh.directory.enums import Role
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory
from dinh.pki.tests.letters import letter_fields, plain_pdf
from dinh.signing import api
from dinh.signing.operations.demo import issue_demo_certificates
from dinh.storage.api import store_bytes


@pytest.fixture
def people(settings, tmp_path):
    """A leader with keys, and the clerk and a specialist of the same unit."""
    settings.DATA_DIR, settings.DEMO = tmp_path, True
    leader = AppointmentFactory(roles=[Role.UNIT_HEAD])
    account = AccountFactory(person=leader.person)
    account.set_password("secret")
    account.save()
    clerk = AppointmentFactory(unit=leader.unit, roles=[Role.CLERK])
    specialist = AppointmentFactory(unit=leader.unit, roles=[Role.SPECIALIST])
    issue_demo_certificates()
    return leader, clerk, specialist


@pytest.fixture
def letter():
    return api.add_fields(sha256=store_bytes(plain_pdf()).sha256, fields=letter_fields())
