"""What other modules may call: outside services, through the gateway; who looked at a person's data."""

from dinh.exchange.adapters.catalogues import CatalogueColumn, CatalogueRow, SharedCatalogues
from dinh.exchange.adapters.civil_status import (
    NOT_FINISHED,
    NOT_FOUND,
    CivilList,
    CivilRecord,
    CivilStage,
    CivilState,
    CivilStatus,
    RecordReference,
)
from dinh.exchange.adapters.criminal_records import (
    Applicant,
    CriminalDeclaration,
    CriminalList,
    CriminalRecords,
    CriminalStage,
    CriminalState,
    DeclarationKind,
    Fetched,
    FiledDossier,
    IdentityPaper,
    Residence,
)
from dinh.exchange.adapters.enterprises import Contributor, Enterprise, EnterpriseDossier, Enterprises, Trade
from dinh.exchange.adapters.errors import (
    OutsideNotConnected,
    OutsideRefused,
    OutsideUnavailable,
    OutsideUnreadable,
)
from dinh.exchange.adapters.portal import (
    DossierState,
    PortalDossier,
    Procedure,
    Progress,
    Question,
    QuestionAnswer,
    ServicePortal,
)
from dinh.exchange.adapters.post import Post, PostalOrder, PostalParty, PostalState
from dinh.exchange.adapters.reading import CodeName, PartialDate, partial_date
from dinh.exchange.adapters.social_insurance import InsuredCriteria, InsuredPerson, SocialInsurance
from dinh.exchange.adapters.transport import Account, HouseKeys, Line, outside_line
from dinh.exchange.operations.accesses import ask_for_accesses
from dinh.exchange.outside import OutsideService, UnknownOutsideService, outside_service

__all__ = [
    "NOT_FINISHED", "NOT_FOUND", "Account", "Applicant", "CatalogueColumn", "CatalogueRow", "CivilList", "CivilRecord",
    "CivilStage", "CivilState", "CivilStatus", "CodeName", "Contributor", "CriminalDeclaration", "CriminalList",
    "CriminalRecords", "CriminalStage", "CriminalState", "DeclarationKind", "DossierState", "Enterprise",
    "EnterpriseDossier", "Enterprises", "Fetched", "FiledDossier", "HouseKeys", "IdentityPaper", "InsuredCriteria",
    "InsuredPerson", "Line", "OutsideNotConnected", "OutsideRefused", "OutsideService", "OutsideUnavailable",
    "OutsideUnreadable", "PartialDate", "PortalDossier", "Post", "PostalOrder", "PostalParty", "PostalState",
    "Procedure", "Progress", "Question", "QuestionAnswer",
    "RecordReference", "Residence", "ServicePortal", "SharedCatalogues", "SocialInsurance",
    "Trade", "UnknownOutsideService", "ask_for_accesses", "outside_line", "outside_service", "partial_date",
]  # fmt: skip
