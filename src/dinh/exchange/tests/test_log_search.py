"""What a search of the log reads: it has many millions of rows, and a unit's own are few of them."""

import json

import pytest
from django.db import connection

from dinh.exchange.models import Exchange
from dinh.exchange.queries.registry import exchanges_matching, party_in

ROWS = 20_000
OWN = ["VN/GOV/H03.9/NHO", "VN/GOV/H03.9/KHAC"]
FILLING = """
INSERT INTO exchange_exchange (
    id, gateway, front, started_at, duration_us, upstream_us, client, provider, service, version, operation, method,
    path, message_id, user_id, issue, status, outcome, reason, request_bytes, response_bytes, request_sha256,
    response_sha256, peer_key, peer_proof
)
SELECT gen_random_uuid(), 'g', 'xroad', to_timestamp(1790000000 + n), 1500, 700,
    CASE WHEN n %% 1000 = 7 THEN 'VN/GOV/H03.9/NHO' ELSE 'VN/GOV/H03.' || n %% 20 || '/A' END,
    CASE WHEN n %% 1000 = 9 THEN 'VN/GOV/H03.9/NHO' ELSE 'VN/GOV/H03.' || n %% 7 || '/B' END,
    CASE WHEN n %% 1000 = 3 THEN 'hiem' ELSE 'kho' END, '1', 'GET /x', 'GET', '/x', 'm-' || n, 'u-' || n %% 900,
    CASE WHEN n %% 100 = 0 THEN 'HS-' || n ELSE '' END, 200,
    CASE WHEN n %% 1000 = 5 THEN 'refused' ELSE 'delivered' END, '', 0, 10, '', '', '', ''
FROM generate_series(1, %s) AS n
"""


@pytest.fixture(scope="module")
def filled(module_database):
    with connection.cursor() as cursor:
        cursor.execute(FILLING, [ROWS])
        cursor.execute("ANALYZE exchange_exchange")


def looked_at(node):
    """Rows that a plan's scans of tables and indexes touched, whether they fitted or not."""
    scanned = node["Actual Loops"] * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0))
    own = scanned if "Scan" in node["Node Type"] else 0
    return own + sum(looked_at(each) for each in node.get("Plans", []))


def read_by(rows):
    (plan,) = json.loads(rows.explain(format="json", analyze=True))
    return looked_at(plan["Plan"])


@pytest.mark.parametrize(
    ("found", "more"),
    [
        (1, {"text": "m-12345"}),
        (1, {"text": "HS-12300"}),
        (40, {"text": "VN/GOV/H03.9/NHO"}),
        (0, {"text": "không có"}),
        (0, {"text": "01900000-0000-7000-8000-000000000001"}),
        (20, {"text": "", "outcome": "refused"}),
        (20, {"text": "", "service": "hiem"}),
    ],
    ids=["message", "issue", "system", "unknown", "id", "outcome", "service"],
)
def test_search_of_all_reads_little_more_than_it_finds(filled, found, more):
    rows = exchanges_matching(Exchange.objects.all(), **more)[:51]

    assert read_by(rows) < 500
    assert len(rows) == found


@pytest.mark.parametrize(
    ("found", "more"),
    [
        (40, {"text": ""}),
        (1, {"text": "m-12007"}),
        (0, {"text": "m-12345"}),
        (0, {"text": "", "outcome": "refused"}),
        (0, {"text": "", "service": "hiem"}),
    ],
    ids=["all", "own message", "message of others", "outcome", "service"],
)
def test_unit_reads_its_own_calls_and_not_the_platforms(filled, found, more):
    own = Exchange.objects.filter(party_in(OWN))

    rows = exchanges_matching(own, own=OWN, **more)[:51]

    assert read_by(rows) < 500
    assert len(rows) == found


def test_user_is_found_by_the_clients_own_side_only(filled):
    (user,) = set(Exchange.objects.filter(message_id="m-12007").values_list("user_id", flat=True))

    of_own = exchanges_matching(Exchange.objects.all(), own=OWN, text=user)[:51]
    of_others = exchanges_matching(Exchange.objects.all(), own=["VN/GOV/H03.19/A"], text=user)[:51]

    assert read_by(of_own) < 500
    assert {row.client for row in of_own} == {"VN/GOV/H03.9/NHO"}
    assert "VN/GOV/H03.9/NHO" not in {row.client for row in of_others}
