from dinh.signing.models.credential import Credential, CredentialState
from dinh.signing.models.session import SessionState, SigningSession
from dinh.signing.models.verdict import StoredVerdict

__all__ = ["Credential", "CredentialState", "SessionState", "SigningSession", "StoredVerdict"]
