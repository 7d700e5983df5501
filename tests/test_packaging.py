"""What is handed out is whole: the archive of the sources can be tested, the wheel has its data, one version is named everywhere."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
MADE_HERE = shutil.ignore_patterns(".*", "_build", "build", "dist", "*.egg-info", "__pycache__")


def run(*arguments, where):
    """Run Python on what is in `where` alone and return what it prints."""
    environment = {**os.environ, "PYTHONPATH": str(where)}
    # A process that pytest started must not take part in the tests of its parent.
    environment = {name: value for name, value in environment.items() if not name.startswith("PYTEST_")}
    ended = subprocess.run([sys.executable, *arguments], cwd=where, env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    """Build both archives, with the setuptools of this environment: no network."""
    place = tmp_path_factory.mktemp("archives")
    shutil.copytree(ROOT, place / "source", ignore=MADE_HERE)
    run("-c", "from setuptools.build_meta import *; build_sdist('..'); build_wheel('..')", where=place / "source")
    with tarfile.open(next(place.glob("*.tar.gz"))) as archive:
        archive.extractall(place, filter="data")
    return place / f"twobox-{PROJECT['version']}", zipfile.ZipFile(next(place.glob("*.whl")))


def test_tests_of_the_source_archive_can_be_collected(archives):
    unpacked, _ = archives
    found = run("-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", where=unpacked)
    names = {path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("test_*.py")}
    assert names <= set(re.findall(r"^(tests/[\w/]+\.py)", found, re.MULTILINE))


def test_source_archive_has_what_the_tests_and_the_book_read(archives):
    unpacked, _ = archives
    pages = yaml.safe_load((unpacked / "_toc.yml").read_text(encoding="utf-8"))
    for page in (chapter["file"] for part in pages["parts"] for chapter in part["chapters"]):
        assert list(unpacked.glob(f"{page}.*")), page
    assert {"README.md", "CHANGELOG.md", "LICENSE", "Makefile", "requirements.txt", "_config.yml"} <= set(
        path.name for path in unpacked.iterdir()
    )


def test_wheel_has_types_and_widgets_and_no_tests(archives):
    names = archives[1].namelist()
    assert "twobox/py.typed" in names
    for path in (ROOT / "twobox" / "widgets").glob("*.[jc]s*"):
        assert f"twobox/widgets/{path.name}" in names
    assert not [name for name in names if name.startswith(("tests", "book"))]


def test_one_version_is_named_everywhere():
    version = PROJECT["version"]
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)[1] == version


def test_every_direct_need_is_pinned():
    pins = {line.partition("==")[0].lower() for line in (ROOT / "requirements.txt").read_text().splitlines()[1:]}
    wanted = [
        *PROJECT["dependencies"],
        *(name for extra in PROJECT["optional-dependencies"].values() for name in extra),
    ]
    names = {re.match(r"[\w.-]+", want)[0].lower() for want in wanted} - {"twobox"}
    assert names <= pins
