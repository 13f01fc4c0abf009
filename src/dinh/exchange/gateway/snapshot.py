"""The configuration that a gateway works by: who may call what, in tables made for reading."""

import base64
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from cryptography.fernet import InvalidToken
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from dinh.exchange.gateway.limits import Limit
from dinh.exchange.gateway.peers import PeerTable, peer_table
from dinh.exchange.gateway.piecewise import loads
from dinh.exchange.gateway.routing import Route, RouteTable, Upstream
from dinh.exchange.gateway.settings import MB
from dinh.exchange.sealing import unseal

log = logging.getLogger("dinh.exchange.gateway")

# One statement, so that all of it is of one moment. Days are those of Viet Nam.
CONFIGURATION_SQL: Final = """
SELECT json_build_object(
  'version', (SELECT version FROM exchange_configuration WHERE id = 1),
  'keys', (SELECT coalesce(json_agg(json_build_object(
      'kid', kid, 'public', encode(public_key, 'base64'),
      'signs_from', extract(epoch FROM (SELECT max(retired_at) FROM exchange_tokenkey o
          WHERE (o.created_at, o.id) < (k.created_at, k.id))),
      'private', CASE WHEN retired_at IS NULL OR retired_at > now() THEN convert_from(sealed_private_key, 'UTF8') END)
      ORDER BY created_at DESC, id DESC), '[]') FROM exchange_tokenkey k
      WHERE retired_at IS NULL OR retired_at > now() - interval '2 days'),
  'clients', (SELECT coalesce(json_agg(json_build_object(
      'id', s.id, 'identifier', concat_ws('/', m.instance, m.member_class, m.code, s.code),
      'tokens_from', coalesce(extract(epoch FROM s.tokens_valid_from), 0),
      'is_own', m.unit_id IS NOT NULL)), '[]')
      FROM exchange_system s JOIN exchange_member m ON m.id = s.member_id
      WHERE s.state = 'active' AND m.state = 'active'
      AND (m.valid_to IS NULL OR m.valid_to >= (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date)),
  'secrets', (SELECT coalesce(json_agg(json_build_object(
      'key', consumer_key, 'digest', digest, 'client', system_id, 'trial', is_trial,
      'until', extract(epoch FROM expires_at))), '[]')
      FROM exchange_clientsecret WHERE revoked_at IS NULL AND expires_at > now()),
  'certificates', (SELECT coalesce(json_agg(json_build_object(
      'client', system_id, 'fingerprint', fingerprint, 'certificate', encode(certificate, 'base64'),
      'from', extract(epoch FROM valid_from), 'until', extract(epoch FROM valid_to))), '[]')
      FROM exchange_systemcertificate WHERE revoked_at IS NULL AND valid_to > now()),
  'operations', (SELECT coalesce(json_agg(json_build_object(
      'id', o.id, 'name', o.name, 'subject', o.subject,
      'method', o.method, 'path', o.path, 'service', e.code, 'version', v.version,
      'version_id', v.id, 'base_url', v.base_url, 'trial_url', v.trial_url,
      'timeout', v.timeout_seconds, 'max_body_mb', v.max_body_mb,
      'xroad_client', CASE v.protocol WHEN 'xroad' THEN v.xroad_client END,
      'sunset', CASE WHEN v.state = 'deprecated' THEN coalesce(to_char(v.sunset_date, 'YYYY-MM-DD'), '') END,
      'provider', concat_ws('/', m.instance, m.member_class, m.code, s.code)) ORDER BY v.id, o.id), '[]')
      FROM exchange_operation o JOIN exchange_serviceversion v ON v.id = o.version_id
      JOIN exchange_service e ON e.id = v.service_id JOIN exchange_system s ON s.id = e.system_id
      JOIN exchange_member m ON m.id = s.member_id
      WHERE v.state <> 'retired' AND e.state = 'active' AND s.state = 'active' AND m.state = 'active'
      AND (m.valid_to IS NULL OR m.valid_to >= (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date)),
  'subject_key', (SELECT convert_from(sealed, 'UTF8') FROM exchange_subjectkey WHERE retired_at IS NULL),
  'documents', (SELECT coalesce(json_agg(json_build_object('version_id', v.id, 'document', v.document)), '[]')
      FROM exchange_serviceversion v WHERE v.validates AND v.state <> 'retired'),
  'grants', (SELECT coalesce(json_agg(json_build_object(
      'id', g.id, 'client', g.system_id, 'operation', p.operation_id, 'quota', g.daily_quota, 'rate', g.rate,
      'from', extract(epoch FROM g.valid_from::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh'),
      'until', extract(epoch FROM (g.valid_to + 1)::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh'))
      ORDER BY g.valid_to, g.id), '[]')
      FROM exchange_accessgrant g JOIN exchange_accessgrant_operations p ON p.accessgrant_id = g.id
      WHERE g.state = 'approved'),
  'peers', (SELECT coalesce(json_agg(json_build_object(
      'id', p.id, 'quota', p.daily_quota, 'rate', p.rate,
      'identifier', concat_ws('/', m.instance, m.member_class, m.code, s.code), 'address', p.address,
      'prefix', CASE p.serves WHEN 'instance' THEN m.instance || '/'
                ELSE concat_ws('/', m.instance, m.member_class, m.code) || '/' END,
      'certificates', (SELECT coalesce(json_agg(encode(c.certificate, 'base64') ORDER BY c.id), '[]')
          FROM exchange_systemcertificate c
          WHERE c.system_id = s.id AND c.revoked_at IS NULL AND c.valid_to > now())) ORDER BY p.id), '[]')
      FROM exchange_peer p JOIN exchange_system s ON s.id = p.system_id JOIN exchange_member m ON m.id = s.member_id
      WHERE p.ended_at IS NULL AND s.state = 'active' AND m.state = 'active'
      AND (m.valid_to IS NULL OR m.valid_to >= (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date))
)::text
"""


@dataclass(frozen=True, slots=True)
class Client:
    """
    A system that may ask.

    :param is_trial: with a trial key, so only what is there to be tried
    :param is_own: of a unit of this house, so that no other gateway speaks for it
    """

    id: int
    identifier: str
    tokens_from: float
    is_trial: bool = False
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class Secret:
    """A consumer key: digest of its secret, whose it is, until when (seconds), whether for trials."""

    digest: str
    client_id: int
    until: float
    is_trial: bool = False


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that tokens are signed with from then on (seconds), until a newer one does."""

    since: float
    kid: str
    key: Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """A certificate (DER) of a system that may ask, from and until when (seconds)."""

    client_id: int
    certificate: bytes
    since: float
    until: float


@dataclass(frozen=True, slots=True)
class Grant:
    """What a client may do with one operation, from and until when (seconds)."""

    id: int
    since: float
    until: float
    limit: Limit


@dataclass(frozen=True, slots=True)
class Snapshot:
    """
    All of it, of one moment. Never changed; the next one takes its place.

    :param signing: the newest key first
    """

    version: int
    clients: Mapping[int, Client]
    client_named: Mapping[str, Client]
    secrets: Mapping[str, Secret]
    grants: Mapping[tuple[int, int], tuple[Grant, ...]]
    routes: RouteTable
    verifying: Mapping[str, Ed25519PublicKey]
    signing: tuple[SigningKey, ...]
    jwks: bytes
    peers: PeerTable
    documents: Mapping[int, dict[str, Any]]
    certificates: Mapping[str, ClientCertificate] = field(default_factory=dict)
    subject_key: bytes | None = None


def snapshot_of(document: str, *, secret: str) -> Snapshot:
    """
    The tables of a configuration as `CONFIGURATION_SQL` gives it.

    :param secret: what the private keys are sealed with
    """
    told = loads(document)
    verifying = {row["kid"]: _public(row) for row in told["keys"]}
    clients = [_client(row) for row in told["clients"]]
    return Snapshot(
        version=told["version"] or 0,
        clients={client.id: client for client in clients},
        client_named={client.identifier: client for client in clients},
        # A configuration that an earlier release left on disk knows no trials.
        secrets={
            row["key"]: Secret(row["digest"], row["client"], row["until"], row.get("trial", False))
            for row in told["secrets"]
        },
        grants=_grants(told["grants"]),
        routes=RouteTable(_route(row) for row in told["operations"]),
        verifying=verifying,
        signing=_signing(told["keys"], secret),
        jwks=json.dumps({"keys": [_jwk(row) for row in told["keys"]]}).encode(),
        # A configuration that an earlier release left on disk has none.
        peers=peer_table(told.get("peers", [])),
        documents={row["version_id"]: row["document"] for row in told.get("documents", [])},
        certificates={row["fingerprint"]: _certificate(row) for row in told.get("certificates", [])},
        subject_key=_subject_key(told.get("subject_key"), secret),
    )


def _client(row: dict[str, Any]) -> Client:
    """A configuration that an earlier release left on disk does not tell whose systems are the house's own."""
    return Client(row["id"], row["identifier"], row["tokens_from"], is_own=row.get("is_own", False))


def _subject_key(sealed: str | None, secret: str) -> bytes | None:
    """None too if it is sealed with another secret: only calls about persons are refused then."""
    try:
        return unseal(sealed.encode(), secret=secret) if sealed else None
    except InvalidToken:
        log.error(
            "The key for persons' numbers is sealed with another secret: `dinh exchange subject-key reseal`."
        )
        return None


def _certificate(row: dict[str, Any]) -> ClientCertificate:
    return ClientCertificate(row["client"], base64.b64decode(row["certificate"]), row["from"], row["until"])


def _grants(rows: list[dict[str, Any]]) -> dict[tuple[int, int], tuple[Grant, ...]]:
    found: dict[tuple[int, int], list[Grant]] = {}
    made: dict[int, Grant] = {}
    for row in rows:
        grant = made.get(row["id"])
        if grant is None:
            limit = Limit(row["quota"], row["rate"])
            grant = made[row["id"]] = Grant(row["id"], row["from"], row["until"], limit)
        found.setdefault((row["client"], row["operation"]), []).append(grant)
    return {key: tuple(grants) for key, grants in found.items()}


def _route(row: dict[str, Any]) -> Route:
    return Route(
        operation_id=row["id"],
        name=row["name"],
        method=row["method"].encode(),
        template=row["path"],
        service=row["service"],
        version=row["version"],
        version_id=row["version_id"],
        provider=row["provider"],
        upstream=_upstream(row, row["base_url"]),
        trial=_upstream(row, row["trial_url"]) if row.get("trial_url") else None,
        sunset=_sunset(row["sunset"]),
        subject=row.get("subject", ""),
        xroad_client=_xroad_client(row),
        log_fields="\t".join((row["provider"], row["service"], row["version"], _one_line(row["name"]))),
    )


def _upstream(row: dict[str, Any], address: str) -> Upstream:
    url = urlsplit(address)
    is_tls = url.scheme == "https"
    return Upstream(
        host=url.hostname or "",
        port=url.port or (443 if is_tls else 80),
        is_tls=is_tls,
        prefix=url.path.rstrip("/").encode(),
        host_header=url.netloc.rpartition("@")[2].encode(),
        timeout=float(row["timeout"]),
        max_body=row["max_body_mb"] * MB,
    )


def _xroad_client(row: dict[str, Any]) -> bytes | None:
    """A configuration that an earlier release left on disk names none."""
    told = row.get("xroad_client")
    return None if told is None else str(told).encode()


def _sunset(day: str | None) -> bytes:
    """What callers of a deprecated version are told (RFC 9745 is kept simple: when it ends, if that is known)."""
    return b"" if day is None else (day or "unknown").encode()


def _one_line(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\t", " ").replace("\n", " ").replace("\r", " ")


def _public(row: dict[str, Any]) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(base64.b64decode(row["public"]))


def _signing(rows: list[dict[str, Any]], secret: str) -> tuple[SigningKey, ...]:
    return tuple(_signing_key(row, secret) for row in rows if row["private"])


def _signing_key(row: dict[str, Any], secret: str) -> SigningKey:
    """A configuration that an earlier release left on disk does not tell since when: its only one signs at once."""
    key = Ed25519PrivateKey.from_private_bytes(unseal(row["private"].encode(), secret=secret))
    return SigningKey(row.get("signs_from") or 0.0, row["kid"], key)


def _jwk(row: dict[str, Any]) -> dict[str, str]:
    """RFC 8037."""
    x = base64.urlsafe_b64encode(base64.b64decode(row["public"])).rstrip(b"=").decode()
    return {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": row["kid"], "x": x}
