from dinh.exchange.models.alarm import Alarm
from dinh.exchange.models.archive import Archive, ArchivedContent, ArchivedSubject
from dinh.exchange.models.batch import Batch, BatchStamp, Beginning, GatewayCertificate
from dinh.exchange.models.configuration import Configuration, TokenKey
from dinh.exchange.models.credential import ClientSecret, SystemCertificate
from dinh.exchange.models.dictionary import Dictionary, DictionaryItem, DictionaryVersion
from dinh.exchange.models.exchange import Exchange
from dinh.exchange.models.grant import AccessGrant
from dinh.exchange.models.limits import GatewayBeat, Spending
from dinh.exchange.models.member import Member, System
from dinh.exchange.models.peer import Peer
from dinh.exchange.models.report import MonthlyReport
from dinh.exchange.models.service import Operation, Service, ServiceVersion
from dinh.exchange.models.subject_key import SubjectKey
from dinh.exchange.models.total import Total

__all__ = [
    "AccessGrant", "Alarm", "Archive", "ArchivedContent", "ArchivedSubject", "Batch", "BatchStamp", "Beginning",
    "ClientSecret",
    "Configuration", "Dictionary", "DictionaryItem", "DictionaryVersion", "Exchange", "GatewayBeat",
    "GatewayCertificate", "Member", "MonthlyReport", "Operation", "Peer", "Service", "ServiceVersion", "Spending",
    "SubjectKey", "System", "SystemCertificate", "TokenKey", "Total",
]  # fmt: skip
