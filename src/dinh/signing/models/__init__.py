from dinh.signing.models.credential import Credential, CredentialState
from dinh.signing.models.custody import Custody, ObjectKind
from dinh.signing.models.errand import PluginErrand
from dinh.signing.models.pending import PendingProof
from dinh.signing.models.session import SessionState, SigningSession
from dinh.signing.models.verdict import StoredVerdict

__all__ = [
    "Credential", "CredentialState", "Custody", "ObjectKind", "PendingProof", "PluginErrand", "SessionState",
    "SigningSession", "StoredVerdict",
]  # fmt: skip
