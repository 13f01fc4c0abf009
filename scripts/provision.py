"""Install by apt, where root, the programs that some tests drive; say what is missing otherwise."""

import os
import shutil
import subprocess
from pathlib import Path

PROGRAMS = {
    "chromium-headless-shell": ["chromium-headless-shell"],
    "soffice": ["libreoffice-writer-nogui"],
    "tesseract": ["tesseract-ocr", "tesseract-ocr-vie"],
    "pdfsig": ["poppler-utils"],
    "softhsm2-util": ["softhsm2"],
    "haproxy": ["haproxy"],
}
BROWSERS = ("chromium-headless-shell", "chromium")
"""What drives pages: the first has no window to keep, which is a third less work than the whole of Chromium."""


def main() -> None:
    missing = [name for name in PROGRAMS if not shutil.which(name)]
    if missing and os.getuid() == 0 and shutil.which("apt-get"):
        packages = [package for name in missing for package in PROGRAMS[name]]
        apt("update", "-q")
        if not apt("install", "-y", "-q", "--no-install-recommends", *packages):
            for package in packages:
                apt("install", "-y", "-q", "--no-install-recommends", package)
        if not any(map(shutil.which, BROWSERS)):
            apt("install", "-y", "-q", "--no-install-recommends", "chromium")
    if not any(map(shutil.which, BROWSERS)):
        python = Path(__file__).resolve().parents[1] / ".venv" / "bin" / "python"
        subprocess.run([python, "-m", "playwright", "install", "chromium"], check=False)
    for name in PROGRAMS:
        if not shutil.which(name) and not (name in BROWSERS and any(map(shutil.which, BROWSERS))):
            print(f"{name} is missing; tests that need it are skipped", flush=True)


def apt(*arguments: str) -> bool:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(["apt-get", *arguments], env=environment, stdout=subprocess.DEVNULL, check=False)
    return done.returncode == 0


if __name__ == "__main__":
    main()
