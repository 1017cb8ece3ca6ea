"""Two texts side by side: which lines, and which words of them."""

from prompts.diff import diff, plain

BEFORE = "One\nTwo\nThree\nThe tool finds it.\nFive\nSix\nSeven\nEight"
AFTER = "One\nTwo\nThree\nThe tool often finds it.\nAnd more.\nFive\nSix\nSeven\nEight"


def test_changed_lines_are_shown_with_what_stands_around_them() -> None:
    assert plain(diff(BEFORE, AFTER)) == (
        "  …\n  Two\n  Three\n- The tool finds it.\n+ The tool often finds it.\n+ And more.\n"
        "  Five\n  Six\n  …"
    )


def test_within_a_line_only_the_words_that_differ_are_marked() -> None:
    new = next(line for line in diff(BEFORE, AFTER) if line.kind == "new")
    assert [part.text for part in new.parts if part.differs] == [" often"]
    assert new.text == "The tool often finds it."


def test_the_same_texts_differ_in_nothing() -> None:
    assert diff(BEFORE, BEFORE) == ()


def test_a_text_in_place_of_none() -> None:
    assert [line.kind for line in diff("", "One\nTwo")] == ["new", "new"]


def test_each_line_of_both_is_accounted_for() -> None:
    lines = diff(BEFORE, "Another\ntext\naltogether")
    assert [line.text for line in lines if line.kind == "gone"] == BEFORE.splitlines()
    assert [line.text for line in lines if line.kind == "new"] == ["Another", "text", "altogether"]
