from dinh.directory.models.account import Account
from dinh.directory.models.change import StructureChange
from dinh.directory.models.person import Appointment, Person, Position
from dinh.directory.models.sign_in import AddressFailures, RecoveryCode, SecondFactor, SignedInSession
from dinh.directory.models.token import ApiToken
from dinh.directory.models.unit import (
    Division,
    DivisionVersion,
    Unit,
    UnitGroup,
    UnitIdentifier,
    UnitSuccession,
    UnitVersion,
)

__all__ = [
    "Account",
    "AddressFailures",
    "ApiToken",
    "Appointment",
    "Division",
    "DivisionVersion",
    "Person",
    "Position",
    "RecoveryCode",
    "SecondFactor",
    "SignedInSession",
    "StructureChange",
    "Unit",
    "UnitGroup",
    "UnitIdentifier",
    "UnitSuccession",
    "UnitVersion",
]
