import gc
import hashlib
import itertools
import os
import ssl
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from django.conf import settings
from django.contrib.contenttypes.management import create_contenttypes
from django.db import DatabaseError, connection, transaction
from django.db.backends.postgresql.operations import DatabaseOperations
from django.db.models.signals import post_migrate
from django.test.utils import setup_databases, teardown_databases
from httpx._transports import default as httpx_transport
from psycopg._preparing import Prepare, PrepareManager
from psycopg.pq.abc import PGresult
from whitenoise.middleware import WhiteNoiseMiddleware
from xdist.scheduler import LoadScopeScheduling

from dinh.config.messages import compile_messages

OF_THE_HOUSE = ("tests/journey/", "tests/quality/", "tests/attacks/test_killed_processes.py")
"""Tests that start the whole house, once for all of them."""
OF_PROCESSES = (
    "src/dinh/documents/docx/", "src/dinh/exchange/", "src/dinh/sandbox/", "src/dinh/config/", "src/dinh/signing/",
)  # fmt: skip
"""Tests that wait for processes that they start."""
KEPT_TABLES = {"django_migrations", "django_content_type", "auth_permission"}
"""What migrating writes, and Django would write again after each clearing."""


def pytest_configure() -> None:
    gc.disable()  # Until all is collected: what modules define stays.
    compile_messages()
    # What is tested begins with no letters; those of the demo are made where they are asked for.
    settings.DEMO_LETTERS = False
    os.environ.setdefault("DINH_DEMO_LETTERS", "0")
    # Providers of tests stand on this machine.
    settings.EXCHANGE_LOCAL_PROVIDERS = True
    os.environ.setdefault("DINH_EXCHANGE_LOCAL_PROVIDERS", "1")
    settings.PASSWORD_HASHERS = ["hashers.QuickArgon2", *settings.PASSWORD_HASHERS]
    _empty_tables_between_tests()
    _find_static_files_once()
    _take_keys_in_turn()
    _know_own_key_files()
    _read_authorities_once()
    _keep_plans_over_rollbacks()


def _empty_tables_between_tests() -> None:
    """
    Rows are deleted: TRUNCATE makes every table and index a file anew, 0.5 s where the tests have left a few rows.

    The log's triggers refuse that; only the tests' clearing goes past them, with the notes of seals.
    """

    def emptied(operations: DatabaseOperations, sql_list: list[str]) -> None:
        # All that is there: jobs are in no model of ours, so Django would leave them to the next test.
        names = connection.introspection.table_names()
        tables = [operations.quote_name(name) for name in names if name not in KEPT_TABLES]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            # Waits for whoever still writes, as TRUNCATE would.
            cursor.execute(f"LOCK TABLE {', '.join(tables)} IN EXCLUSIVE MODE")
            cursor.execute("; ".join(f"DELETE FROM {table}" for table in tables))  # noqa: S608
        (Path(settings.DATA_DIR) / "audit" / "heads.txt").unlink(missing_ok=True)

    DatabaseOperations.execute_sql_flush = emptied  # type: ignore[method-assign]


def _find_static_files_once() -> None:
    """Not for each test that has a browser of its own: 25 ms."""
    find, found = WhiteNoiseMiddleware.add_files_from_finders, {}

    def once(middleware: WhiteNoiseMiddleware) -> None:
        if not found:
            find(middleware)
            found.update(middleware.files)
        middleware.files.update(found)

    WhiteNoiseMiddleware.add_files_from_finders = once


def _take_keys_in_turn() -> None:
    """
    RSA keys of 2048 bits, 55 ms each, of which no test needs so many that one comes twice.

    The processes of a run share them.
    """
    make, made, turns = rsa.generate_private_key, dict[int, rsa.RSAPrivateKey](), itertools.count()
    folder, one_by_one = Path(settings.DATA_DIR) / "keys-of-tests", threading.Lock()

    def taken(public_exponent: int = 65_537, key_size: int = 2048, backend: Any = None) -> rsa.RSAPrivateKey:
        if key_size != 2048:
            return make(public_exponent, key_size)
        turn = next(turns) % 64
        with one_by_one:
            if turn not in made:
                made[turn] = _shared_key(folder / f"{turn}.pem", partial(make, 65_537, 2048))
        return made[turn]

    rsa.generate_private_key = taken


def _shared_key(path: Path, make: Callable[[], rsa.RSAPrivateKey]) -> rsa.RSAPrivateKey:
    """The run's key in this file, made by the process that comes first."""
    if "DINH_TESTS_TEMPLATE" not in os.environ:
        return make()
    if path.exists():
        # Whoever reads a key tests its primes, 40 ms; this one is our own.
        return load_pem_private_key(path.read_bytes(), None, unsafe_skip_rsa_key_validation=True)
    key = make()
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    draft.replace(path)
    return key


def _know_own_key_files() -> None:
    """
    What is in a PKCS #12 file that this process wrote: reading one takes 40 ms, most of it the test of its primes.

    Files that others wrote, or that were changed since, are read.
    """
    write, read = pkcs12.serialize_key_and_certificates, pkcs12.load_key_and_certificates
    written: dict[tuple[bytes, bytes], tuple[Any, Any, list[x509.Certificate]]] = {}

    def noted(name: Any, key: Any, cert: Any, cas: Any, encryption: Any) -> bytes:
        data = write(name, key, cert, cas, encryption)
        if isinstance(encryption, BestAvailableEncryption):
            written[hashlib.sha256(data).digest(), encryption.password] = (key, cert, list(cas or []))
        return data

    def known(data: bytes, password: bytes | None, backend: Any = None) -> Any:
        return written.get((hashlib.sha256(data).digest(), password or b"")) or read(data, password)

    pkcs12.serialize_key_and_certificates, pkcs12.load_key_and_certificates = noted, known


def _read_authorities_once() -> None:
    """The web's root certificates, which each client of httpx would read: 20 ms, for thousands of short calls."""
    read = httpx_transport.create_ssl_context
    of_the_web = cache(partial(read, verify=True))

    def once(
        verify: ssl.SSLContext | str | bool = True, cert: Any = None, trust_env: bool = True
    ) -> ssl.SSLContext:
        if verify is True and cert is None:
            return of_the_web(trust_env=trust_env)
        return read(verify, cert, trust_env)

    httpx_transport.create_ssl_context = once


def _keep_plans_over_rollbacks() -> None:
    """
    Statements stay prepared when a test's changes are taken back, as they do where few transactions are.

    psycopg forgets them at each ROLLBACK, since a table may have been made in what is taken back. Tests make none
    there, and the shell's reads would be planned anew for almost every page.
    """
    looked = PrepareManager._should_discard

    def kept(manager: PrepareManager, prep: Prepare, results: Sequence[PGresult]) -> bool:
        return looked(manager, prep, [each for each in results if each.command_status != b"ROLLBACK"])

    PrepareManager._should_discard = kept


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Files without a test that runs alone are not read where only such are chosen: reading all takes 9 s."""
    if config.getoption("markexpr") != "alone" or not collection_path.match("test_*.py"):
        return None
    return "mark.alone" not in collection_path.read_text(encoding="utf-8") or None


def pytest_collection_finish() -> None:
    """
    Look for circles rarely, and never among what all tests have: that took a tenth of their time.

    What a test leaves is freed at once by its counts.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    gc.enable()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--only-database", action="store_true", help="Only tests that ask the database themselves"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("only_database"):
        items[:] = [item for item in items if asks_database(item)]
    # One process walks the pages from the beginning while the others run the rest, what waits and what is long first.
    first = (OF_THE_HOUSE, OF_PROCESSES, "tests/")
    items.sort(key=lambda item: [not item.nodeid.startswith(each) for each in first])


class ByFile(LoadScopeScheduling):
    """
    The tests of a file run in one process and so share what it builds; those of the running house share the house.

    Not xdist's `loadgroup`: pytest 9.2 no longer lets it mark the tests, and it then spreads them without a word.
    """

    def _split_scope(self, nodeid: str) -> str:
        return "house" if nodeid.startswith(OF_THE_HOUSE) else nodeid.partition("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    config.option.loadscopereorder = False
    return ByFile(config, log)


def asks_database(item: pytest.Item) -> bool:
    return item.get_closest_marker("django_db") is not None or "own_changes" in getattr(
        item, "fixturenames", ()
    )


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_modify_db_settings: None, django_db_blocker: Any
) -> Iterator[None]:
    """The test database, for every run; pytest-django's own makes it only if a chosen test bears its mark."""
    with django_db_blocker.unblock():
        if template := os.environ.get("DINH_TESTS_TEMPLATE"):
            migrate_once(template)
        made = setup_databases(verbosity=0, interactive=False, aliases={"default"})
    # What they write is kept when tables are emptied.
    post_migrate.disconnect(create_contenttypes)
    post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")
    yield
    with django_db_blocker.unblock():
        try:
            teardown_databases(made, verbosity=0)
        except DatabaseError as error:
            warnings.warn(f"The test database could not be dropped: {error}", stacklevel=1)


def migrate_once(template: str) -> None:
    """Let the test database be a copy of `template`, which the first process that asks for it makes."""
    making = f"{template}_making"
    with connection.creation._nodb_cursor() as server:  # type: ignore[attr-defined]
        server.execute("SELECT pg_advisory_lock(hashtext(%s))", [template])
        server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [template])
        if not server.fetchone():
            name, test = connection.settings_dict["NAME"], connection.settings_dict["TEST"]
            own, test["NAME"] = test["NAME"], making
            gc.disable()  # Migrating makes each model anew some hundred times: a tenth of its time.
            connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
            gc.enable()
            connection.close()
            connection.settings_dict["NAME"], test["NAME"] = name, own
            server.execute(f'ALTER DATABASE "{making}" RENAME TO "{template}"')
    connection.settings_dict["TEST"]["TEMPLATE"] = template


@pytest.fixture(scope="module")
def module_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """
    A transaction around a module's tests, in which what they share is built once.

    Its tests take `own_changes` instead of the mark `django_db`.
    """
    with django_db_blocker.unblock(), taken_back():
        yield


@pytest.fixture
def own_changes(module_database: None) -> Iterator[None]:
    """What one test changes of the module's database is gone for the next."""
    with taken_back():
        yield


@contextmanager
def taken_back() -> Iterator[None]:
    block = transaction.atomic()
    block._from_testcase = True  # as Django's TestCase, so that durable transactions work within
    with block:
        yield
        transaction.set_rollback(True)
