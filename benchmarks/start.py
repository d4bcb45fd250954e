"""Start: whole processes, from nothing to `create_app`'s end, beside the import of the libraries alone.

All code, ours and theirs, is loaded as bytecode, as in an installation: what the environment says of it does not count.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.rounds import Rounds

ROUNDS = 24
APP = "from erebus import create_app; create_app()"
TRAIL = "import erebus.trail"
_LIST = """
import json, sys
names = [n for n, m in list(sys.modules.items()) if n.split(".")[0] not in {"erebus", "__main__"} and m is not None]
print(json.dumps([n for n in names if n.split(".")[0] not in sys.stdlib_module_names]))
"""
# A few names are of no modules but made by compiled ones.
_IMPORTS = """
from contextlib import suppress
from importlib import import_module
for name in {!r}:
    with suppress(ImportError):
        import_module(name)
"""


def measure(rounds: Rounds) -> None:
    """Take the rounds that are missing."""
    with tempfile.TemporaryDirectory(prefix="bench") as folder:
        bytecode = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(Path(folder) / "bytecode")}
        environment = {**os.environ, "EREBUS_INSTANCE_PATH": folder, **bytecode}
        _run("-m", "flask", "--app", "wsgi", "erebus", "upgrade", environment=environment)
        programs = {"create_app": APP, "trail": TRAIL}
        for name, program in programs.items():
            libraries = _libraries(program, environment)
            files = {name: program, "libraries": _IMPORTS.format(libraries)}
            rounds.run(f"start, {name}", ROUNDS, list(files), partial(_time, files, environment))


def _libraries(program: str, environment: dict[str, str]) -> list[str]:
    """Return the modules of others that *program* loads, in the order in which it does."""
    return list(json.loads(_run("-c", program + _LIST, environment=environment)))


def _time(files: dict[str, str], environment: dict[str, str], variant: str) -> float:
    begun = time.perf_counter()
    _run("-c", files[variant], environment=environment)
    return time.perf_counter() - begun


def _run(*arguments: str, environment: dict[str, str]) -> str:
    root = Path(__file__).parents[1]
    done = subprocess.run([sys.executable, *arguments], env=environment, cwd=root, check=True, capture_output=True)
    return done.stdout.decode()
