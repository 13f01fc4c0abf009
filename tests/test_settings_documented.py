import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ONLY_INSIDE = {"DINH_SUPERVISED_IN"}
NAME = re.compile(r"\bDINH_[A-Z0-9_]*[A-Z0-9]\b")


def test_every_variable_stands_in_the_operators_manual():
    sources = [
        path
        for path in (ROOT / "src").rglob("*.py")
        if "tests" not in path.relative_to(ROOT).parts and path.name != "testing.py"
    ]
    used = {name for path in sources for name in NAME.findall(path.read_text())}
    documented = set(NAME.findall((ROOT / "docs" / "operate.md").read_text()))

    assert "DINH_DATABASE_URL" in used
    assert sorted(used - documented - ONLY_INSIDE) == []
