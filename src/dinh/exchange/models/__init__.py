from dinh.exchange.models.configuration import Configuration, TokenKey
from dinh.exchange.models.credential import ClientSecret, SystemCertificate
from dinh.exchange.models.dictionary import Dictionary, DictionaryItem, DictionaryVersion
from dinh.exchange.models.exchange import Exchange
from dinh.exchange.models.grant import AccessGrant
from dinh.exchange.models.member import Member, System
from dinh.exchange.models.service import Operation, Service, ServiceVersion

__all__ = [
    "AccessGrant", "ClientSecret", "Configuration", "Dictionary", "DictionaryItem", "DictionaryVersion",
    "Exchange", "Member", "Operation", "Service", "ServiceVersion", "System", "SystemCertificate", "TokenKey",
]  # fmt: skip
