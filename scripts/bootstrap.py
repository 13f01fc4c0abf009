"""
Make everything ready to run: environment, locked requirements, page assets, translations.

Only the standard library of Python >= 3.11. What is done already is skipped by its stamp.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
ASSETS = ROOT / "src" / "dinh" / "kernel" / "static" / "dist"


def main() -> None:
    if sys.version_info < (3, 11):
        sys.exit("Đình needs Python 3.11 or newer; choose one with: make PYTHON=python3.12 demo")
    os.chdir(ROOT)
    make_environment()
    install("dev" if "--dev" in sys.argv else "base")
    build_assets()
    run([PYTHON, "-m", "dinh.config.messages"], quiet=True)


def say(line: str) -> None:
    print(line, flush=True)


def run(command: list[str | Path], *, quiet: bool = False) -> None:
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), str(ENVIRONMENT / "bin")])
    output = subprocess.DEVNULL if quiet else None
    done = subprocess.run(command, env=os.environ | {"PATH": path}, stdout=output, check=False)
    if done.returncode:
        sys.exit(f"This failed: {' '.join(map(str, command))}")


def fingerprint(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256(sys.version.encode())
    for path in sorted(paths):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def make_environment() -> None:
    if PYTHON.exists() and works([PYTHON, "-c", ""]):
        return
    chosen = interpreter()
    say(f"Making the environment .venv with {chosen}")
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    run([chosen, "-m", "venv", "--without-pip", "--symlinks", ENVIRONMENT])
    done = subprocess.run([PYTHON, "-m", "ensurepip", "-q"], capture_output=True, text=True, check=False)
    if done.returncode and not works([sys.executable, "-m", "pip", "-V"]):
        shutil.rmtree(ENVIRONMENT)
        sys.exit(f"{done.stderr}Python has neither ensurepip nor pip: install python3-venv or python3-pip.")


def interpreter() -> str:
    """
    The Python that runs this, unless it was built without optimisations, as tools that manage versions do if nobody
    tells them otherwise: then the system's own of the same version, with which everything takes about a tenth less.
    `make PYTHON=...` chooses another.
    """
    system = f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"
    is_quick = "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "")
    if is_quick or sys.prefix == "/usr" or "PYTHON" in os.environ or not Path(system).exists():
        return sys.executable
    is_whole = works([sys.executable, "-m", "pip", "-V"]) and works(
        [system, "-c", "import ctypes, ssl, venv"]
    )
    return system if is_whole else sys.executable


def works(command: list[str | Path]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def pip() -> list[str | Path]:
    if works([PYTHON, "-m", "pip", "-V"]):
        return [PYTHON, "-m", "pip"]
    return [sys.executable, "-m", "pip", "--python", PYTHON]


def install(kind: str) -> None:
    lock = ROOT / "requirements" / f"{kind}.txt"
    stamp = ENVIRONMENT / f"installed-{kind}"
    wanted = fingerprint([lock])
    if not stamp.exists() or stamp.read_text() != wanted:
        say(f"Installing {lock.relative_to(ROOT)}")
        flags = ["--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
        run([*pip(), "install", *flags, "-r", lock])
        stamp.write_text(wanted)
    link_package()


def link_package() -> None:
    site = next((ENVIRONMENT / "lib").glob("python3.*/site-packages"))
    (site / "dinh.pth").write_text(f"{ROOT / 'src'}\n")
    command = ENVIRONMENT / "bin" / "dinh"
    command.write_text(f'#!/bin/sh\nexec "{PYTHON}" -m dinh "$@"\n')
    command.chmod(0o755)


def build_assets() -> None:
    manifest, lock = ROOT / "package.json", ROOT / "package-lock.json"
    script = ROOT / "scripts" / "build_assets.mjs"
    if not (manifest.exists() and lock.exists() and script.exists()):
        return
    stamp = ROOT / "node_modules" / ".dinh-installed"
    wanted = fingerprint([manifest, lock])
    if not stamp.exists() or stamp.read_text() != wanted:
        say("Installing the pages' packages")
        run([program("npm"), "ci", "--no-audit", "--no-fund", "--loglevel=error"])
        stamp.write_text(wanted)
    stamp = ASSETS / ".stamp"
    wanted = fingerprint([manifest, lock, script, *asset_sources()])
    if not stamp.exists() or stamp.read_text() != wanted:
        say("Building the pages' assets")
        run([program("node"), script])
        ASSETS.mkdir(parents=True, exist_ok=True)
        stamp.write_text(wanted)


def asset_sources() -> list[Path]:
    endings = {".js", ".mjs", ".ts", ".css"}
    found = (path for path in (ROOT / "src").rglob("*") if path.suffix in endings)
    return [path for path in found if ASSETS not in path.parents]


def program(name: str) -> str:
    """The machine's node or npm if node is 18 or newer, else the one from the wheel."""
    if node_is_recent() and (found := shutil.which(name)):
        return found
    return str(ENVIRONMENT / "bin" / name)


def node_is_recent() -> bool:
    node = shutil.which("node")
    if not node or not shutil.which("npm"):
        return False
    done = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    major = done.stdout.lstrip("v").split(".")[0]
    return major.isdecimal() and int(major) >= 18


if __name__ == "__main__":
    main()
