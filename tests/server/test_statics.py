"""Static files are collected when one changed, and pages get the hashed names."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.core.files.storage import storages
from pytest_django.fixtures import Settings

from server import statics


@pytest.fixture
def source(tmp_path: Path, settings: Settings) -> Iterator[Path]:
    """A folder with one style sheet, collected as in production."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "page.css").write_text("body { color: black }")
    settings.STATICFILES_DIRS = [source]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATIC_ROOT = tmp_path / "collected"
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "server.statics.HashedStaticFiles"},
    }
    finders.get_finder.cache_clear()  # type: ignore[attr-defined]
    yield source
    finders.get_finder.cache_clear()  # type: ignore[attr-defined]


def test_files_are_collected_once_and_again_after_a_change(source: Path) -> None:
    assert statics.collect()
    assert not statics.collect()
    (source / "page.css").write_text("body { color: darkgreen }")
    assert statics.collect()
    hashed = storages["staticfiles"].url("page.css")
    assert hashed.startswith("/static/page.")
    assert hashed != "/static/page.css"


def test_a_file_that_was_not_collected_does_not_break_the_page(source: Path) -> None:
    assert storages["staticfiles"].url("missing.svg") == "/static/missing.svg"
