import subprocess
import sys
from pathlib import Path


def test_each_floor_imports_only_from_floors_below():
    root = Path(__file__).resolve().parents[1]
    program = Path(sys.executable).parent / "lint-imports"
    # A program of its own: within this one it would switch off the loggers of all tests after it.
    done = subprocess.run([program, "--no-cache"], cwd=root, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout.count(" KEPT")) == (0, 1), done.stdout


def test_gateway_loads_of_django_only_what_texts_are_told_by():
    """Its three processes, of which the serving one loads the modules of all."""
    program = (
        "import sys, dinh.exchange.gateway.__main__; print(*sorted(m for m in sys.modules if 'django' in m))"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.split() == [
        "django", "django.utils", "django.utils.functional", "django.utils.regex_helper", "django.utils.version",
    ]  # fmt: skip
