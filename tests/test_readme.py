"""The README's code runs as it stands, and its commands are those of the Makefile."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
ROWS = dict(re.findall(r"^\| `make (\w+)[^`|]*` \| ([^|]+) \|", README, re.MULTILINE))
# What make says for itself, or what only make needs.
OWN = re.compile(r"@echo|@test|touch|rm -rf|test -x|\$\(PYTHON\)|@\$\(PYTHON\)")


def recipe(target):
    """Return the commands of `target` in the Makefile, as one would type them with the environment active."""
    variables = dict(re.findall(r"^(\w+) *[:?]?= *(.+)$", MAKEFILE, re.MULTILINE))
    lines = re.search(rf"^{re.escape(target)}:[^\n]*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)[1].splitlines()
    commands = [line.strip() for line in lines if not OWN.match(line.strip())]
    expanded = [re.sub(r"\$\((\w+)\)", lambda v: variables.get(v[1], v[0]), c.replace("$(BIN)/", "")) for c in commands]
    return [command.removeprefix("@") for command in expanded]


def test_there_is_code():
    assert len(BLOCKS) >= 2


@pytest.mark.parametrize("code", BLOCKS)
def test_code_in_the_readme_runs(code, capsys):
    exec(code, {})


@pytest.mark.parametrize("target", sorted(ROWS))
def test_commands_without_make_are_those_of_the_makefile(target):
    commands = re.findall(r"`([^`]+)`", ROWS[target])
    wanted = [*(recipe("build") if target == "book" else []), *recipe(target)]
    if target == "page":
        # The book of a chapter is opened by hand.
        wanted = wanted[:1]
    assert commands == wanted


def test_the_readme_names_every_command():
    targets = set(re.search(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)[1].split())
    assert targets - set(ROWS) == {"build", "test", "oldest", "bench", "clean"}


def test_setting_up_by_hand_is_what_make_does():
    steps = re.search(r"Set up by hand.*?```\n(.*?)```", README, re.DOTALL)[1].splitlines()
    quiet = [
        re.sub(r" --(quiet|disable-pip-version-check)", "", line)
        for line in recipe("$(VENV)/pinned") + recipe("$(READY)")
    ]
    assert [line for line in quiet if line != "python -m pip check"] == steps[2:]


def test_a_changed_project_file_needs_no_network():
    packages = re.search(r"^\$\(VENV\)/pinned: (.+)$", MAKEFILE, re.MULTILINE)[1]
    assert "pyproject.toml" not in packages
    assert "--no-deps --no-build-isolation -e ." in MAKEFILE
    backend = re.search(r'requires = \["(\w+)', (ROOT / "pyproject.toml").read_text(encoding="utf-8"))[1]
    assert re.search(rf"^{backend}==", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE)


def test_all_name_the_same_versions_of_python():
    named = set(re.findall(r"Python (3\.\d+) to (3\.\d+)", README + MAKEFILE))
    assert named == {("3.11", "3.14")}
    assert "(3, 11) <= sys.version_info < (3, 15)" in MAKEFILE
    workflow = (ROOT / ".github" / "workflows" / "book.yml").read_text(encoding="utf-8")
    assert 'python: ["3.11", "3.12", "3.13", "3.14"]' in workflow
