"""The catalogues follow the code: every text of a floor is found, in Python and in templates."""

from pathlib import Path

import pytest

from server import translations
from server.cli import main


@pytest.fixture
def floor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A floor of its own with one module and one template."""
    monkeypatch.setattr(translations, "ROOT", tmp_path)
    monkeypatch.setattr(translations, "FLOORS", ("ground",))
    module = tmp_path / "ground" / "words.py"
    module.parent.mkdir()
    module.write_text(
        "a = _('Confirm')\n"
        "b = gettext_noop('The field %(field)s is missing.')\n"
        "c = ngettext('%(n)s task', '%(n)s tasks', 2)\n"
        "d = pgettext('tier', 'Red')\n"
    )
    page = tmp_path / "ground" / "templates" / "page.html"
    page.parent.mkdir()
    page.write_text(
        "{% load i18n %}{% translate 'Log in' %}"
        "{% blocktranslate with name=child.name %}Visit {{ name }}{% endblocktranslate %}"
    )
    return tmp_path / "ground"


def fill(floor: str, chinese: dict[str, str]) -> None:
    path = translations.catalogue_path(floor)
    text = path.read_text(encoding="utf-8")
    for english, translation in chinese.items():
        text = text.replace(
            f'msgid "{english}"\nmsgstr ""', f'msgid "{english}"\nmsgstr "{translation}"'
        )
    path.write_text(text, encoding="utf-8")


def test_texts_are_found_in_python_and_templates(floor: Path) -> None:
    found = {message.id for message in translations.extract_floor("ground") if message.id}
    assert found == {
        "Confirm", "The field %(field)s is missing.", ("%(n)s task", "%(n)s tasks"), "Red", "Log in",
        "Visit %(name)s",
    }  # fmt: skip


def test_what_has_no_chinese_fails_the_check_and_is_named(
    floor: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["messages", "extract"]) == 0
    assert "6 texts, 6 without Chinese" in capsys.readouterr().out
    assert main(["messages", "check"]) == 1
    assert "no Chinese: 'Log in' ground/templates/page.html" in capsys.readouterr().err


def test_a_translation_survives_a_new_extraction_and_a_removed_text_goes(floor: Path) -> None:
    main(["messages", "extract"])
    fill("ground", {"Confirm": "确认", "Log in": "登录"})
    (floor / "templates" / "page.html").unlink()
    main(["messages", "extract"])
    text = translations.catalogue_path("ground").read_text(encoding="utf-8")
    assert 'msgid "Confirm"\nmsgstr "确认"' in text
    assert "Log in" not in text


def test_extraction_without_changes_leaves_the_file_as_it_is(floor: Path) -> None:
    main(["messages", "extract"])
    before = translations.catalogue_path("ground").read_bytes()
    main(["messages", "extract"])
    assert translations.catalogue_path("ground").read_bytes() == before


def test_a_lost_placeholder_is_a_gap(floor: Path) -> None:
    main(["messages", "extract"])
    fill("ground", {"Visit %(name)s": "走访 %(nmae)s"})
    gaps = [gap.reason for gap in translations.gaps("ground") if gap.text.startswith("Visit")]
    assert len(gaps) == 1
    assert "unknown named placeholder" in gaps[0]


def test_compiling_makes_what_the_server_reads_and_only_when_older(floor: Path) -> None:
    main(["messages", "extract"])
    assert translations.compile_floor("ground")
    assert (
        translations.catalogue_path("ground").with_suffix(".mo").read_bytes()[:4]
        == b"\xde\x12\x04\x95"
    )
    assert not translations.compile_floor("ground")
