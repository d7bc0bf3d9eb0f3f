"""JavaScript packages that tests need, installed once beside the `package.json` that names them."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest


def installed(folder: Path) -> Path:
    """Return the folder of packages; whoever lacks npm or its registry sees a skip."""
    packages = folder / "node_modules"
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("needs node and npm")
    if packages.exists():
        return packages
    with tempfile.TemporaryDirectory(dir=folder) as fresh:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(folder / name, fresh)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=0"]
        done = subprocess.run(command, cwd=fresh, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(
                f"npm cannot install {folder.name}: {done.stderr.strip().splitlines()[-1:]}"
            )
        with suppress(OSError):  # another worker was faster
            Path(fresh, "node_modules").rename(packages)
    return packages
