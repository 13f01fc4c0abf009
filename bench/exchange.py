"""
The exchange's gateway against nginx as a plain reverse proxy: one worker each, keep-alive, the same provider in a
process of its own, the same load tool (wrk), in the same run.

nginx and wrk are installed by apt where root. Everything runs on the one machine, load tool included, so ratios tell
more than numbers.
"""

import base64
import contextlib
import json
import os
import re
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from exchange_faults import fault_figures
from measures import figure, skipped

SECONDS = int(os.environ.get("BENCH_SECONDS", "8"))
ROUNDS = 5
CONNECTIONS = 64
BODY = '{"MaDinhDanhCap1": "H03", "TenDonVi": "Ủy ban nhân dân tỉnh", "Count": 1}'
SLOW = 10_000
LARGE = 100 * 1024 * 1024
WAL = 768
"""Megabytes that the latency's rounds write to the database's log, and more."""


def run() -> Iterator[dict[str, Any]]:
    """All figures of `exchange`."""
    goal = ">= 0.2 x nginx and >= 8000/s"
    install()
    missing = [name for name in ("nginx", "wrk") if not shutil.which(name)]
    if missing:
        yield skipped("exchange.oauth", goal, f"{', '.join(missing)} missing")
        return
    with tempfile.TemporaryDirectory(prefix="dinh-bench-", dir="/var/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield from figures(folder, goal)


def figures(folder: Path, goal: str) -> Iterator[dict[str, Any]]:
    ports = {name: free_port() for name in ("provider", "proxy", "gateway")}
    (folder / "large.bin").write_bytes(os.urandom(1024 * 1024) * 100)
    key, secret = registry(ports["provider"])
    with (
        nginx(folder, "provider", provider(folder, ports)),
        nginx(folder, "proxy", proxy(folder, ports)),
        gateway(folder, ports["gateway"]) as process,
    ):
        base = f"http://127.0.0.1:{ports['gateway']}"
        bearer = f"Bearer {token(base, key, secret)}"
        limit = wrk(f"http://127.0.0.1:{ports['proxy']}/small", None)
        before = cpu_of(process.pid)
        own = wrk(f"{base}/bench/v1/small", bearer)
        cost = (cpu_of(process.pid) - before) / own["all"] * 1e6
        met = own["rate"] >= 0.2 * limit["rate"] and own["rate"] >= 8000 and not own["errors"]
        yield figure("exchange.oauth", own["rate"], limit=limit["rate"], goal=goal, met=met)
        yield figure("exchange.cpu_per_call", cost, unit="us", goal="told, no goal", met=True)
        begun = time.monotonic()
        logged = wait_for_log(int(own["all"]))
        yield figure(
            "exchange.log_shipped", logged, limit=own["all"], unit="exchanges",
            goal="every answered exchange is in PostgreSQL", met=logged >= own["all"],
        )  # fmt: skip
        yield figure(
            "exchange.log_catches_up", time.monotonic() - begun, unit="s", goal="told, no goal", met=True
        )
        yield figure("exchange.log_row", row_bytes(), unit="B", goal="told: with its indexes", met=True)
        yield from large_figures(ports, base, bearer, process.pid)
        yield from latency_figures(ports, base, bearer, (own["rate"], limit["rate"]))
        yield from slow_figures(ports["gateway"], base, bearer, process.pid)
    with nginx(folder, "again", provider(folder, ports)):
        yield from fault_figures(folder, key, secret)
        yield from signed_figures(folder, ports)


def large_figures(ports: dict[str, int], base: str, bearer: str, pid: int) -> Iterator[dict[str, Any]]:
    limit = download(f"http://127.0.0.1:{ports['proxy']}/large.bin", None)
    own = download(f"{base}/bench/v1/large.bin", bearer)
    goal = ">= 0.6 x nginx"
    yield figure("exchange.large_body", own, limit=limit, unit="MB/s", goal=goal, met=own >= 0.6 * limit)
    memory = memory_of(pid)
    yield figure("exchange.memory", memory, unit="MB", goal="< 200 MB", met=memory < 200)


def latency_figures(
    ports: dict[str, int], base: str, bearer: str, rates: tuple[float, float]
) -> Iterator[dict[str, Any]]:
    """
    At half of what it carries, beside the provider asked directly at the same rate; of rounds in turn the middle one,
    since a stall of the machine's disk spoils whichever round it meets. A longer one after them takes whatever comes:
    told, since the system writes out twice a minute what has lain for 30 s, in a tenth of a second.

    :param rates: what the gateway carries, and nginx
    """
    use_old_wal()
    for name, value in disk_sync().items():
        goal = "told: no answer leaves sooner than its exchange is on this disk"
        yield figure(f"exchange.disk_sync_{name}", value, unit="ms", goal=goal, met=True)
    rate, proxied = rates[0] / 2, rates[1] / 2
    urls = {name: f"http://127.0.0.1:{port}/small" for name, port in ports.items()}
    called = f"{base}/bench/v1/small", rate, [f"Authorization: {bearer}"]
    rounds = []
    for _round in range(ROUNDS):
        # What the rounds before have left is not of this one's load.
        os.sync()
        direct = open_loop(urls["provider"], rate, [], SECONDS / 4)
        rounds.append((direct, open_loop(*called), open_loop(urls["proxy"], proxied, [], SECONDS / 4)))
    errors = sum(own["errors"] for _direct, own, _nginx in rounds)
    for name, key, least in (("latency", "median_ms", 3), ("latency_p99", "p99_ms", 10)):
        added = statistics.median(own[key] - direct[key] for direct, own, _nginx in rounds)
        yield figure(
            f"exchange.{name}", added, limit=statistics.median(direct[key] for direct, _own, _nginx in rounds),
            unit="ms", goal=f"< {least} ms added at {rate:.0f}/s", met=added < least and not errors,
        )  # fmt: skip
        machine = statistics.median(nginx[key] for _direct, _own, nginx in rounds)
        goal = f"told: nginx, which keeps nothing, at {proxied:.0f}/s, half of what it carries"
        yield figure(f"exchange.{name}_of_nginx", machine, unit="ms", goal=goal, met=True)
    longer = open_loop(*called, seconds=SECONDS * 5)
    goal = f"told: of {SECONDS * 4:.0f} s at {rate:.0f}/s, whatever the machine does meanwhile"
    yield figure("exchange.latency_p99_longer", longer["p99_ms"], unit="ms", goal=goal, met=True)
    for name, value in log_wait(base).items():
        goal = "< 5 ms from a call's line to the begin of its batch's sync, at the same rate"
        yield figure(f"exchange.batch_wait_{name}", value, unit="ms", goal=goal, met=value < 5)


def use_old_wal() -> None:
    """
    Let the database write its log into files that it has, as one does that has run for a while. A fresh one makes each
    anew: 16 MB of zeros at once, every other second at this load, in which calls on two cores wait for 50 to 150 ms.
    """
    import psycopg

    with psycopg.connect(os.environ["DINH_DATABASE_URL"], autocommit=True) as connection:
        for _megabyte in range(WAL):
            connection.execute("SELECT pg_logical_emit_message(false, 'bench', repeat('x', 1024 * 1024))")
        # A user who may not do so has a database that has run for a while.
        with contextlib.suppress(psycopg.errors.InsufficientPrivilege):
            connection.execute("CHECKPOINT")


def slow_figures(port: int, base: str, bearer: str, pid: int) -> Iterator[dict[str, Any]]:
    """A quiet caller beside ten thousand slow ones, or as many as this machine lets one process hold."""
    from dinh.exchange.tests.slow_clients import SlowClients

    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = min(SLOW, hard - 500)
    url, headers = f"{base}/bench/v1/small", [f"Authorization: {bearer}"]
    alone = open_loop(url, 200, headers)
    with SlowClients(port, count, token=bearer.removeprefix("Bearer "), path="/bench/v1/slow") as slow:
        beside = open_loop(url, 200, headers)
        held = slow.still_open()
        memory = rss_of(pid)
    goal = f"{SLOW} held, p99 < 50 ms at 200/s (descriptors of this machine: {hard})"
    met = held >= SLOW and beside["p99_ms"] < 50 and not beside["errors"]
    yield figure("exchange.slow_clients", held, limit=SLOW, unit="connections", goal=goal, met=met)
    yield figure(
        "exchange.slow_clients_p99", beside["p99_ms"], limit=alone["p99_ms"], unit="ms", goal=goal, met=met
    )
    yield figure("exchange.slow_clients_memory", memory, unit="MB", goal="< 400 MB", met=memory < 400)


def log_wait(base: str) -> dict[str, float]:
    """Of the last 10,000 lines of the gateway's log."""
    with urllib.request.urlopen(f"{base}/healthz") as answer:
        return dict(json.load(answer)["log_wait_ms"])


def disk_sync() -> dict[str, float]:
    """What `fdatasync` takes for a small append where the log lies, in ms."""
    times = []
    with tempfile.NamedTemporaryFile(dir="/var/tmp") as file:
        for _round in range(300):
            os.write(file.fileno(), b"x" * 700)
            begun = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - begun) * 1000)
            time.sleep(0.002)
    found = sorted(times)
    return {"median": found[len(found) // 2], "p99": found[int(len(found) * 0.99)]}


def open_loop(url: str, rate: float, headers: list[str], seconds: float = SECONDS) -> dict[str, float]:
    tool = Path(__file__).with_name("openloop.py")
    command = [sys.executable, str(tool), url, f"{rate:.0f}", str(seconds), *headers]
    return dict(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))


def signed_figures(folder: Path, ports: dict[str, int]) -> Iterator[dict[str, Any]]:
    """Two gateways, a registry each, messages signed and checked both ways; both log and sign what they log."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    from dinh.exchange.tests.two_gateways import our_tables

    peer = mutual_tls(folder, ports)
    least = 1200
    for name, key, unit_cost in (
        ("xroad_signed", None, signatures_a_second("P-256")),
        ("xroad_signed_rsa", rsa.generate_private_key(65537, 2048), signatures_a_second("RSA-2048")),
    ):
        with our_tables():
            many, single, logged, cost = both_ends(folder / name, key)
        goal = f">= {least}/s and all logged at both ends" if key is None else "told, no goal"
        met = key is not None or (many["rate"] >= least and not many["errors"] and logged)
        yield figure(f"exchange.{name}", many["rate"], limit=peer or unit_cost, goal=goal, met=met)
        yield figure(
            f"exchange.{name}_cpu",
            cost,
            unit="us",
            met=True,
            goal="told: both gateways' CPU for a round trip",
        )
        yield figure(
            f"exchange.{name}_each", single["rate"], limit=unit_cost, met=True,
            goal="told: one connection, so each message is a batch of its own; limit: its signatures alone, one core",
        )  # fmt: skip


def both_ends(folder: Path, key: Any) -> tuple[dict[str, float], dict[str, float], bool, float]:
    """:returns: with many connections, with one, whether both logs have all, and CPU for each (microseconds)"""
    from dinh.exchange.models import Exchange, System
    from dinh.exchange.tests.two_gateways import Ends, identity, our_registry

    client = System.objects.select_related("member").get(code="MOTCUA")
    Exchange.objects.all().delete()
    ends = Ends(folder, client, "H03.DMDC", identity(folder / "a", key=key), identity(folder / "b", key=key))
    ends.register()
    with our_registry():
        ends.peer.rate, ends.peer.daily_quota = 1_000_000, 2_000_000_000
        ends.peer.save(update_fields=["rate", "daily_quota"])
    ends.start()
    try:
        url = f"{ends.ours.url}/r1/VN/GOV/H03.DMDC/DMDC/bench/v1/small"
        header = [f"X-Road-Client: {client.identifier}"]
        before = cpu_of(ends.ours.process.pid) + cpu_of(ends.theirs.process.pid)
        many = wrk(url, None, headers=header)
        spent = cpu_of(ends.ours.process.pid) + cpu_of(ends.theirs.process.pid) - before
        single = wrk(url, None, headers=header, connections=1)
        wanted = int(many["all"] + single["all"])
        is_logged = wait_for_log(wanted) >= wanted and wait_for(ends.our_log_size, wanted) >= wanted
    finally:
        ends.stop()
        client.member.systems.filter(code="CONG").get().peers.all().delete()
        client.member.systems.filter(code="CONG").get().certificates.all().delete()
        client.member.systems.filter(code="CONG").delete()
    return many, single, is_logged, spent / many["all"] * 1e6


def signatures_a_second(kind: str) -> float:
    """How many round trips a core could sign and check, if it did nothing else: two signatures, two checks."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

    data, rounds = b"x" * 400, 200
    if kind == "P-256":
        key, how = ec.generate_private_key(ec.SECP256R1()), (ec.ECDSA(hashes.SHA256()),)
    else:
        key, how = rsa.generate_private_key(65537, 2048), (padding.PKCS1v15(), hashes.SHA256())
    public = key.public_key()
    begun = time.perf_counter()
    for _round in range(rounds):
        for _end in range(2):
            public.verify(key.sign(data, *how), data, *how)
    return rounds / (time.perf_counter() - begun)


def mutual_tls(folder: Path, ports: dict[str, int]) -> float:
    """Requests a second of two nginx, one worker each, with mutual TLS between them and nothing signed or logged."""
    from dinh.exchange.tests.two_gateways import identity

    keys = identity(folder / "tls")
    inner, outer = free_port(), free_port()
    certificate = f"{keys.certificate_file}; "
    pair = f"ssl_certificate {certificate} ssl_certificate_key {keys.key_file};"
    server = f"""
    upstream provider {{ server 127.0.0.1:{ports["provider"]}; keepalive 64; keepalive_requests 1000000; }}
    server {{ listen 127.0.0.1:{inner} ssl; {pair} ssl_verify_client on; ssl_client_certificate {certificate}
      keepalive_requests 1000000;
      location / {{ proxy_pass http://provider; proxy_http_version 1.1; proxy_set_header Connection ""; }} }}"""
    caller = f"""
    upstream peer {{ server 127.0.0.1:{inner}; keepalive 64; keepalive_requests 1000000; }}
    server {{ listen 127.0.0.1:{outer}; keepalive_requests 1000000;
      location / {{ proxy_pass https://peer; proxy_http_version 1.1; proxy_set_header Connection "";
        proxy_ssl_certificate {certificate} proxy_ssl_certificate_key {keys.key_file}; }} }}"""
    with nginx(folder, "peer-inner", server), nginx(folder, "peer-outer", caller):
        return wrk(f"http://127.0.0.1:{outer}/small", None)["rate"]


def install() -> None:
    if os.getuid() == 0 and shutil.which("apt-get") and not (shutil.which("nginx") and shutil.which("wrk")):
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for command in (
            ["update", "-q"],
            ["install", "-y", "-q", "--no-install-recommends", "nginx-light", "wrk"],
        ):
            subprocess.run(["apt-get", *command], env=environment, stdout=sys.stderr, check=False)


def registry(port: int) -> tuple[str, str]:
    """A system with a grant on a provider at this port. :returns: consumer key and secret"""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dinh.config.settings")
    django.setup()
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
    from dinh.exchange.tests.world import small_world

    return small_world(
        base_url=f"http://127.0.0.1:{port}", service="bench", version="v1",
        paths=["/small", "/large.bin", "POST /slow"],
        rate=1_000_000, daily_quota=2_000_000_000,
    ).key_and_secret  # fmt: skip


def provider(folder: Path, ports: dict[str, int]) -> str:
    body = BODY.replace("'", "\\'")
    return f"""
    server {{ listen 127.0.0.1:{ports["provider"]}; keepalive_requests 1000000; keepalive_timeout 60;
      location = /small {{ default_type application/json; return 200 '{body}'; }}
      location = /large.bin {{ root {folder}; }} }}"""


def proxy(_folder: Path, ports: dict[str, int]) -> str:
    return f"""
    upstream provider {{ server 127.0.0.1:{ports["provider"]}; keepalive 64; keepalive_requests 1000000; }}
    server {{ listen 127.0.0.1:{ports["proxy"]}; keepalive_requests 1000000;
      location / {{ proxy_pass http://provider; proxy_http_version 1.1; proxy_set_header Connection ""; }} }}"""


@contextlib.contextmanager
def nginx(folder: Path, name: str, server: str) -> Iterator[None]:
    own = folder / name
    own.mkdir()
    paths = "\n".join(
        f"{kind}_temp_path {own}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    file = own / "nginx.conf"
    user = "user root;" if os.getuid() == 0 else ""
    file.write_text(
        f"{user} worker_processes 1; daemon off; pid {own}/pid; error_log {own}/error.log;"
        f"events {{ worker_connections 4096; }} http {{ access_log off; sendfile on; {paths} {server} }}"
    )
    process = subprocess.Popen(["nginx", "-c", str(file), "-p", str(own), "-e", f"{own}/error.log"])
    try:
        time.sleep(0.5)
        yield
    finally:
        process.terminate()
        process.wait(10)


@contextlib.contextmanager
def gateway(folder: Path, port: int) -> "Iterator[subprocess.Popen[bytes]]":
    environment = os.environ | {
        "DINH_GATEWAY_PORT": str(port),
        "DINH_GATEWAY_NAME": "bench",
        "DINH_DATA_DIR": str(folder / "data"),
        "DINH_SECRET_KEY": secret_key(),
        "DINH_LOG_LEVEL": "WARNING",
    }
    process = subprocess.Popen([sys.executable, "-m", "dinh", "gateway"], env=environment, stdout=sys.stderr)
    try:
        wait_until_well(f"http://127.0.0.1:{port}/healthz")
        yield process
    finally:
        process.terminate()
        process.wait(30)


def secret_key() -> str:
    from django.conf import settings

    return str(settings.SECRET_KEY)


def token(base: str, key: str, secret: str) -> str:
    basic = base64.b64encode(f"{key}:{secret}".encode()).decode()
    request = urllib.request.Request(
        f"{base}/token", b"grant_type=client_credentials", {"Authorization": f"Basic {basic}"}
    )
    with urllib.request.urlopen(request) as answer:
        return str(json.load(answer)["access_token"])


def wrk(
    url: str, bearer: str | None, *, headers: list[str] | None = None, connections: int = CONNECTIONS
) -> dict[str, float]:
    """Requests a second and in all; what was not 2xx counts as an error."""
    given = [*(headers or []), *([f"Authorization: {bearer}"] if bearer else [])]
    told = [word for header in given for word in ("-H", header)]
    command = ["wrk", "-t", "1", "-c", str(connections), *told, url]
    first = subprocess.run([*command, "-d", "2s"], capture_output=True, text=True, check=True).stdout
    out = subprocess.run(
        [*command, "-d", f"{SECONDS}s", "--latency"], capture_output=True, text=True, check=True
    ).stdout
    errors = sum(int(count) for line in out.splitlines() if "Non-2xx" in line or "Socket errors" in line
                 for count in re.findall(r"\d+", line.partition(":")[2]))  # fmt: skip
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1])
    requests = float(re.search(r"(\d+) requests in", out)[1])
    if os.environ.get("BENCH_VERBOSE"):
        sys.stderr.write(out)
    warm = float(re.search(r"(\d+) requests in", first)[1])
    return {"rate": rate, "requests": requests, "errors": errors, "all": warm + requests}


def cpu_of(pid: int) -> float:
    """CPU seconds of a process and its children: steadier than rates on a machine that others use too."""
    import psutil

    processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def download(url: str, bearer: str | None) -> float:
    """MB a second of one large body, the best of three."""
    best = 0.0
    for _round in range(3):
        request = urllib.request.Request(url, headers={"Authorization": bearer} if bearer else {})
        begun, size = time.perf_counter(), 0
        with urllib.request.urlopen(request) as answer:
            while block := answer.read(1 << 18):
                size += len(block)
        if size != LARGE:
            raise SystemExit(f"{url}: {size} bytes arrived instead of {LARGE}")
        best = max(best, size / 1e6 / (time.perf_counter() - begun))
    return best


def rss_of(pid: int) -> float:
    """Of the process that serves now, in MB."""
    import psutil

    processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return max(process.memory_info().rss for process in processes) / 1e6


def memory_of(pid: int) -> float:
    """Peak of the process that serves, in MB."""
    import psutil

    processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    peaks = []
    for process in processes:
        status = Path(f"/proc/{process.pid}/status").read_text()
        peaks.append(int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024)
    return max(peaks)


def row_bytes() -> float:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_total_relation_size('exchange_exchange')::float / count(*) FROM exchange_exchange"
        )
        return float(cursor.fetchone()[0])


def wait_for_log(wanted: int, seconds: float = 60) -> int:
    from dinh.exchange.models import Exchange

    return wait_for(Exchange.objects.count, wanted, seconds)


def wait_for(look: Callable[[], int], wanted: int, seconds: float = 60) -> int:
    last = time.monotonic() + seconds
    while (count := look()) < wanted and time.monotonic() < last:
        time.sleep(0.5)
    return count


def wait_until_well(url: str) -> None:
    last = time.monotonic() + 30
    while time.monotonic() < last:
        try:
            urllib.request.urlopen(url).close()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"{url} does not answer.")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
