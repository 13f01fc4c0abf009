"""`make bench [NAME=part]`: run every `bench/*.py` that has `run()`; one JSON object a line."""

import json
import os
import shutil
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

FOLDER = Path(__file__).resolve().parent


def main() -> None:
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    sys.path.insert(0, str(FOLDER))
    # Providers of what is measured stand on this machine.
    os.environ.setdefault("DINH_EXCHANGE_LOCAL_PROVIDERS", "1")
    provide("wrk")
    for file in sorted(FOLDER.glob("*.py")):
        if file.name == "run.py" or wanted not in file.stem:
            continue
        module = load(file)
        for figure in getattr(module, "run", tuple)():
            print(json.dumps(figure, ensure_ascii=False), flush=True)


def provide(*programs: str) -> None:
    """Install load tools by apt where root; what cannot be had makes its figures say skipped."""
    missing = [name for name in programs if not shutil.which(name) and not Path("/usr/sbin", name).exists()]
    if missing and os.getuid() == 0 and shutil.which("apt-get"):
        command = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *missing]
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
        )


def load(file: Path) -> ModuleType:
    spec = spec_from_file_location(file.stem, file)
    module = module_from_spec(spec)
    sys.modules[file.stem] = module
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
