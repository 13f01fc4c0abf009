import pytest

from dinh.pki.api import add_fields

from .authority import Authority
from .letters import letter_fields, plain_pdf


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="session")
def letter() -> bytes:
    return add_fields(pdf=plain_pdf(padding=2000), fields=letter_fields())
