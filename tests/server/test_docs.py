"""What the README promises exists, and what exists is in the README."""

import re
from pathlib import Path

import pytest

from server.cli import VERBS

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
READ = re.compile(r'(?:env\.\w+|setting|os\.environ\.get)\(\s*"([A-Z][A-Z_]+)"')
NOT_OURS = {"LANG", "LC_ALL", "PATH"}  # read, but the system's


def settings_in_code() -> set[str]:
    found = set()
    for floor in ("server", "forms", "rules", "exports"):
        for path in (ROOT / floor).rglob("*.py"):
            found.update(READ.findall(path.read_text(encoding="utf-8")))
    return found - NOT_OURS


def settings_in_readme() -> set[str]:
    table = README.split("## Settings")[1].split("\n## ")[0]
    return set(re.findall(r"^\| `([A-Z_]+)` \|", table, re.MULTILINE))


def test_every_setting_is_in_the_readme_and_no_other() -> None:
    assert settings_in_code() == settings_in_readme()


def test_every_verb_of_anhu_is_in_the_readme_and_no_other() -> None:
    table = README.split("## Verbs")[1].split("\n## ")[0]
    assert set(re.findall(r"`anhu ([a-z-]+)", table.split("|---|---|")[1])) == set(VERBS)


def test_every_verb_of_make_is_in_the_readme() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    verbs = set(re.findall(r"^([a-z]+):.*## ", makefile, re.MULTILINE)) - {"help"}
    sentence = README.split("`make` lists the developer's verbs: ")[1].split(".")[0]
    assert set(re.findall(r"`([a-z]+)`", sentence)) == verbs


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock", "pyproject.toml"])
def test_no_registry_is_named_in_what_installs(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"https?://", text)


def test_the_asset_lock_names_no_registry() -> None:
    text = (ROOT / "server/assets/package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in text
    assert '"integrity"' in text
