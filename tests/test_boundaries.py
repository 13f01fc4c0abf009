from pathlib import Path

from importlinter.cli import lint_imports


def test_each_floor_imports_only_from_floors_below(monkeypatch):
    root = Path(__file__).resolve().parents[1]
    monkeypatch.chdir(root)

    assert lint_imports(config_filename=str(root / "pyproject.toml"), no_cache=True) == 0
