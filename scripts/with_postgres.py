"""
Run a command beside a throw-away PostgreSQL, whose address it gets as DINH_DATABASE_URL.

Tests migrate one database and copy it (`conftest.py`), which lives as long as the server. With `--bin DIR` the
server's programs come from there (another version of PostgreSQL). A given DINH_DATABASE_URL is used as it is.
Run with the environment's Python.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from dinh.config.embedded import THROW_AWAY, EmbeddedPostgres


def main() -> int:
    arguments = sys.argv[1:]
    # Each of some hundred processes that tests start would compile all modules anew.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    programs = None
    if arguments[:1] == ["--bin"]:
        programs, arguments = Path(arguments[1]), arguments[2:]
    if "DINH_DATABASE_URL" in os.environ and not programs:
        return subprocess.run(arguments, check=False).returncode
    folder = Path(tempfile.mkdtemp(prefix="dinh-test-", dir="/var/tmp"))
    folder.chmod(0o755)
    server = EmbeddedPostgres(folder, settings=THROW_AWAY, programs=programs)
    try:
        server.start()
        given = {
            "DINH_DATABASE_URL": server.url(),
            "DINH_DATA_DIR": str(folder / "data"),
            "DINH_TESTS_TEMPLATE": "dinh_template",
        }
        return subprocess.run(arguments, env=os.environ | given, check=False).returncode
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
