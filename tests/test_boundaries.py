import subprocess
import sys
from pathlib import Path


def test_each_floor_imports_only_from_floors_below():
    root = Path(__file__).resolve().parents[1]
    program = Path(sys.executable).parent / "lint-imports"
    # A program of its own: within this one it would switch off the loggers of all tests after it.
    done = subprocess.run([program, "--no-cache"], cwd=root, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout.count(" KEPT")) == (0, 1), done.stdout
