"""What a new form version changes for the data."""

from forms.xlsform.diff import FieldDiff, diff_fields
from tests.forms.form_lab import form

OLD = """
| survey |
| | type | name | label |
| | begin_group | g | G |
| | text | a | Alpha |
| | select_one yn | b | Beta |
| | end_group | | |
| | integer | c | Gamma |
| choices |
| | list_name | name | label |
| | yn | yes | Yes |
| | yn | no | No |
"""


def diff(*changes: tuple[str, str]) -> FieldDiff:
    new = OLD
    for before, after in changes:
        assert before in new
        new = new.replace(before, after)
    return diff_fields(form(OLD).fields, form(new).fields)


def test_the_same_form_has_no_differences():
    assert diff() == FieldDiff()


def test_added_and_removed_questions_are_told():
    found = diff(("| | integer | c | Gamma |", "| | integer | d | Delta |\n| | text | e | E |"))
    assert [one.path for one in found.added] == ["/d", "/e"]
    assert [one.path for one in found.removed] == ["/c"]
    assert found.is_structural


def test_only_adding_is_not_structural():
    assert not diff(("| | integer | c |", "| | text | n | N |\n| | integer | c |")).is_structural


def test_a_question_in_another_group_has_moved():
    found = diff(
        ("| | text | a | Alpha |\n", ""),
        ("| | integer | c |", "| | text | a | Alpha |\n| | integer | c |"),
    )
    assert (found.moved, found.removed, found.added) == ((("/g/a", "/a"),), (), ())
    assert found.lost_paths == ("/g/a",)
    assert found.is_structural


def test_a_changed_type_is_told():
    (pair,) = diff(("integer | c", "decimal | c")).type_changed
    assert (pair[0].type, pair[1].type) == ("int", "decimal")


def test_select_one_to_select_multiple_is_a_changed_type():
    (pair,) = diff(("select_one yn", "select_multiple yn")).type_changed
    assert pair[1].select_multiple


def test_a_vanished_code_is_told_and_a_new_one_is_not():
    found = diff(("| | yn | no | No |", "| | yn | unsure | ? |"))
    assert found.choices_removed == (("/g/b", ("no",)),)


def test_a_new_label_of_question_or_choice_is_told():
    assert diff(("Alpha", "Aleph")).relabelled == ("/g/a",)
    assert diff(("| Yes |", "| Yeah |")).relabelled == ("/g/b",)
