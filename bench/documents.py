"""
Sending and reading documents: deliveries against a bare COPY of the same rows, pages under load.

200,000 letters; the reader is the clerk of a busy department. Load tool, web and database share the cores.
"""

import multiprocessing
import os
import random
import re
import shutil
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from statistics import median, quantiles
from typing import Any

import province
import psutil
from measures import figure, skipped

PORT = 8391
ADDRESS = f"http://127.0.0.1:{PORT}"
USERS, THINK_SECONDS, SESSION_SECONDS = 20, 1.0, 12
PAGES = {
    "inbox": "/documents/incoming/?state=06",
    "search": "/documents/search/?q=dich+vu+cong+thien+tai",
    "register": "/documents/books/{book}/",
}
PARTS = {
    "inbox_fragment": "/documents/incoming/?state=06",
    "inbox_json": "/api/v1/incoming?tab=06",
    "search_json": "/api/v1/incoming?q=dich+vu+cong+thien+tai",
    "register_json": "/api/v1/books/{book}/entries",
}
"""What a program asks for, or a page that stands: a list without its frame."""
WHOLE, PART = 60, 150
WARMED_BY = 10
PROCESSES, SENT_EACH = 2, 600


def run() -> Iterator[dict[str, Any]]:
    """All figures of `documents`."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dinh.config.settings")
    province.prepare()
    yield from dispatch_figures()
    yield sustained_figure()
    yield from page_figures()


def dispatch_figures() -> Iterator[dict[str, Any]]:
    """One letter to 501 units, against COPY of the very rows that it writes."""
    from django.utils import timezone

    from dinh.documents.operations.dispatch import dispatch_document

    passed, limits = [], []
    for number in range(7):
        outgoing, clerk = sealed_letter(501)
        begin = time.perf_counter()
        sent = dispatch_document(
            outgoing_id=outgoing, actor=clerk, request_key=f"bench-{number}-{begin}", at=timezone.now()
        )
        passed.append(time.perf_counter() - begin)
        limits.append(copied(sent.pk))
    took, limit = median(passed), median(limits)
    seconds = {"name": "documents.dispatch.seconds", "goal": "1 s or less", "unit": "s"}
    yield {**seconds, "value": round(took, 4), "limit": 1, "ratio": round(took, 4), "met": took <= 1}
    yield figure(
        "documents.dispatch", 501 / took, limit=501 / limit, goal="0.4 of COPY", met=limit / took >= 0.4
    )


def sealed_letter(size: int) -> tuple[int, Any]:
    """A sealed letter of the department to so many units, and its clerk."""
    from django.utils import timezone

    from dinh.directory.enums import Role
    from dinh.directory.models import Appointment, Unit
    from dinh.documents.models import Document, Outgoing, Recipient
    from dinh.documents.operations.indexing import index_document

    now = timezone.now()
    clerk = Appointment.objects.filter(
        unit__name="Sở Thông tin và Truyền thông", roles__contains=[Role.CLERK]
    ).select_related("unit", "person", "position")[0]
    letter = Document.objects.create(
        issuer=clerk.unit, issuer_name=clerk.unit.name, bloc="government", type_code="CV",
        subject="Đẩy mạnh dịch vụ công trực tuyến", created_at=now, search_text=" ".join(province.WORDS),
    )  # fmt: skip
    outgoing = Outgoing.objects.create(
        document=letter, unit=clerk.unit, drafter=clerk, state="sealed", created_at=now, updated_at=now
    )
    units = random.sample(list(Unit.objects.all()), size)
    Recipient.objects.bulk_create(Recipient(outgoing=outgoing, unit=unit, name=unit.name) for unit in units)
    index_document(letter)
    return outgoing.pk, clerk


def copied(dispatch_id: int) -> float:
    """Seconds for a COPY of the arrivals and the work of a sending into their own tables, committed."""
    from django.db import connection, transaction

    tables = {
        "documents_incoming": "dispatch_id = %s",
        "worklist_workitem": "target_type = 'documents.incoming' AND target_id IN "
        "(SELECT id FROM documents_incoming WHERE dispatch_id = %s)",
    }
    with transaction.atomic(), connection.cursor() as cursor:
        rows = {table: taken_out(cursor, table, where, dispatch_id) for table, where in tables.items()}
        for table, (_columns, _data, ids) in reversed(list(rows.items())):
            cursor.execute(f"DELETE FROM {table} WHERE id = ANY(%s)", [ids])
    begin = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        for table, (columns, data, _ids) in rows.items():
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                copy.write(data)
    return time.perf_counter() - begin


def taken_out(cursor: Any, table: str, where: str, dispatch_id: int) -> tuple[str, bytes, list[int]]:
    cursor.execute(f"SELECT * FROM {table} LIMIT 0")
    columns = ", ".join(f'"{column.name}"' for column in cursor.description)
    cursor.execute(f"SELECT id FROM {table} WHERE {where}", [dispatch_id])
    ids = [row[0] for row in cursor.fetchall()]
    numbers = ", ".join(map(str, ids))
    with cursor.copy(f"COPY (SELECT {columns} FROM {table} WHERE id IN ({numbers})) TO STDOUT") as copy:
        return columns, b"".join(bytes(block) for block in copy), ids


def sustained_figure() -> dict[str, Any]:
    """Deliveries a second by two processes that send letters to 5 to 10 units each, from the first to the last."""
    # Each process opens a connection of its own; one that is inherited answers both of them at random.
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(PROCESSES)
    with ProcessPoolExecutor(
        PROCESSES, mp_context=context, initializer=_begin_with, initargs=(start,)
    ) as pool:
        sent = list(pool.map(deliver, range(PROCESSES)))
    begins, ends, deliveries = zip(*sent, strict=True)
    rate = sum(deliveries) / (max(ends) - min(begins))
    return figure("documents.dispatch_sustained", rate, limit=3000, goal="3000 a second", met=rate >= 3000)


def _begin_with(barrier: Any) -> None:
    global together
    together = barrier


def deliver(seed: int) -> tuple[float, float, int]:
    """Begin and end by the system's clock, and how many deliveries were made; the first letters are not counted."""
    import django

    django.setup()
    from django.utils import timezone

    from dinh.documents.operations.dispatch import dispatch_document

    letters = [(5 + number % 6, *sealed_letter(5 + number % 6)) for number in range(WARMED_BY + SENT_EACH)]
    begin = 0.0
    for number, (_size, outgoing, clerk) in enumerate(letters):
        if number == WARMED_BY:
            together.wait()
            begin = time.monotonic()
        key = f"sustained-{seed}-{number}-{time.monotonic()}"
        dispatch_document(outgoing_id=outgoing, actor=clerk, request_key=key, at=timezone.now())
    return begin, time.monotonic(), sum(size for size, *_letter in letters[WARMED_BY:])


def page_figures() -> Iterator[dict[str, Any]]:
    """Each page for twenty people who think for a second, and saturated; then lists without their frames."""
    cookie = clerk_cookie()
    yield from query_figures(cookie)
    with serving() as web:
        for name, pattern in PAGES.items():
            path = pattern.format(book=incoming_book())
            if fetched(path, cookie) is None:
                yield skipped(f"documents.{name}", "p95 under 100 ms", "the page is missing")
                continue
            p95 = latency(path, cookie)
            yield {
                "name": f"documents.{name}.p95", "value": round(p95, 1), "unit": "ms", "limit": 100,
                "ratio": round(p95 / 100, 2), "goal": "under 100 ms, 20 users, 1 s think time", "met": p95 < 100,
            }  # fmt: skip
            yield from saturated(name, path, cookie, web, WHOLE)
        for name, pattern in PARTS.items():
            yield from saturated(name, pattern.format(book=incoming_book()), cookie, web, PART)


def query_figures(cookie: str) -> Iterator[dict[str, Any]]:
    """Queries of a page of fifty rows, against the same page of three: constant."""
    for name, pattern in (PAGES | PARTS).items():
        path = pattern.format(book=incoming_book())
        is_part = "fragment" in name
        many, few = (queries_of(path, cookie, rows, is_part=is_part) for rows in (50, 3))
        yield figure(
            f"documents.{name}.queries",
            many,
            limit=few,
            goal="as for 3 rows",
            met=many == few,
            unit="queries",
        )


def queries_of(path: str, cookie: str, rows: int, *, is_part: bool) -> int:
    from unittest.mock import patch

    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(headers={"HX-Request": "true"} if is_part else {})
    name, _, key = cookie.partition("=")
    client.cookies[name] = key
    sizes = ("dinh.documents.views.incoming.PAGE_SIZE", "dinh.documents.views.books.PAGE_SIZE",
             "dinh.documents.rest_incoming.PAGE", "dinh.documents.rest_books.PAGE")  # fmt: skip
    settings.ALLOWED_HOSTS = ["testserver"]
    with ExitStack() as smaller:
        for size in sizes:
            smaller.enter_context(patch(size, rows))
        client.get(path)
        with CaptureQueriesContext(connection) as asked:
            client.get(path)
    return len(asked)


def incoming_book() -> int:
    """The department's register of incoming documents."""
    from dinh.documents.models import Book

    of_unit = Book.objects.filter(unit__name="Sở Thông tin và Truyền thông", direction="incoming", year=2026)
    return of_unit.get(code="den").pk


def clerk_cookie() -> str:
    """A session of the department's clerk, an ordinary user."""
    from importlib import import_module

    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from dinh.directory.models import Account

    account = Account.objects.get(username="vanthu.stttt")
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(account.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = account.get_session_auth_hash()
    session.save()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


@contextmanager
def serving() -> Iterator[psutil.Process]:
    environment = os.environ | {"PORT": str(PORT), "DINH_LOG_LEVEL": "WARNING"}
    process = psutil.Popen([sys.executable, "-m", "dinh", "web"], env=environment)
    try:
        last = time.monotonic() + 30
        while time.monotonic() < last and fetched("/directory/sign-in/", "") is None:
            time.sleep(0.2)
        yield process
    finally:
        process.terminate()
        process.wait(20)


def fetched(path: str, cookie: str) -> float | None:
    """Milliseconds until the whole page is there; None if it is not."""
    begin = time.perf_counter()
    try:
        request = urllib.request.Request(ADDRESS + path, headers={"Cookie": cookie})
        with urllib.request.urlopen(request, timeout=30) as answer:
            body = answer.read()
            signed_in = "sign-in" not in answer.url or not cookie
    except OSError:
        return None
    return (time.perf_counter() - begin) * 1000 if body and signed_in else None


def latency(path: str, cookie: str) -> float:
    """
    95th percentile in milliseconds over twenty people who think for a second between pages.

    Each process has shown the page before: what it reads once in its life is no part of a working day.
    """
    for _time in range(WARMED_BY):
        fetched(path, cookie)
    taken: list[float] = []
    end = time.monotonic() + SESSION_SECONDS

    def person(number: int) -> None:
        time.sleep(number * THINK_SECONDS / USERS)
        while time.monotonic() < end:
            taken.append(fetched(path, cookie) or 30_000)
            time.sleep(THINK_SECONDS)

    people = [threading.Thread(target=person, args=(number,)) for number in range(USERS)]
    for each in people:
        each.start()
    for each in people:
        each.join()
    return quantiles(taken, n=20)[-1]


def saturated(
    name: str, path: str, cookie: str, web: psutil.Process, least: float
) -> Iterator[dict[str, Any]]:
    """Answers a second, as many as the cores give, and the web processes' own time for each."""
    goal = f"{least} {'whole pages' if least == WHOLE else 'lists'} a second"
    if not shutil.which("wrk"):
        yield skipped(f"documents.{name}", goal, "wrk is missing")
        return
    command = ["wrk", "-t1", "-c8", "-d8", "-H", f"Cookie: {cookie}"]
    command += ["-H", "HX-Request: true"] if "fragment" in name else []
    begun = processor_seconds(web)
    told = subprocess.run([*command, ADDRESS + path], capture_output=True, text=True, check=True).stdout
    spent = processor_seconds(web) - begun
    wrong, answered = re.search(r"Non-2xx[^:]*: (\d+)", told), re.search(r"(\d+) requests in", told)
    rate = 0.0 if wrong else float(re.search(r"Requests/sec:\s+([\d.]+)", told)[1])
    yield figure(f"documents.{name}", rate, limit=least, goal=goal, met=rate >= least)
    each = 1000 * spent / max(int(answered[1]), 1)
    yield figure(f"documents.{name}.cpu", each, goal="told, no goal", met=True, unit="ms")


def processor_seconds(web: psutil.Process) -> float:
    times = [process.cpu_times() for process in [web, *web.children(recursive=True)]]
    return sum(time.user + time.system for time in times)
