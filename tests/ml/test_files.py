"""Tables of which no cell is a program, whichever spreadsheet opens it; any text can be written; files are whole."""

from __future__ import annotations

import csv
import errno
import io
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ml import csv_line
from ml.errors import TrainingError
from ml.files import legible, whole, write_text, write_whole
from tests.places import ROOT


def cells(line: str) -> list[str]:
    """The line as a spreadsheet reads it."""
    return next(csv.reader(io.StringIO(line, newline="")))


@pytest.mark.parametrize("sign", [*"=+-@", "＝", "＋", "－", "＠", "﹦"])
@pytest.mark.parametrize("before", ["", " ", "\t", "\r", "\n", "\r\n", "\u00a0", "\ufeff", "\u200b", "\x00", '"'])
def test_no_cell_starts_a_formula_however_it_is_parted(sign: str, before: str) -> None:
    for after in ("", "x;", "x\t", "x\r", "x\n", "x;y;", ";"):
        (cell,) = cells(csv_line([f"{after}{before}{sign}1+1"]))
        for part in re.split(r"[;\t\r\n]", cell):
            bare = part.strip(' "\u00a0\ufeff\u200b\x00')
            assert not bare.startswith(sign), repr(cell)
        assert cell.replace("'", "") == f"{after}{before}{sign}1+1"


@pytest.mark.parametrize("text", ["1-2", "a=b", "x; y", "Doe-Smith", "a@b.example", "tab\there", "", "'=1", "Ärger 🩻"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert cells(csv_line([text, "end"])) == [text, "end"]


def test_numbers_truth_lists_and_nothing_have_one_form_each() -> None:
    assert csv_line([-1.5, 3, True, False, None, ["a", "b"], []]) == "-1.5,3,true,false,,a b,\n"
    assert csv_line(["a"], end="\r\n") == "a\r\n"


def test_a_list_of_formulas_is_none() -> None:
    assert csv_line([["=1", "b"]]) == "'=1 b\n"


def test_bytes_that_are_no_text_are_shown_by_their_number() -> None:
    name = b"\xe4rger.png".decode("utf-8", "surrogateescape")
    assert legible(name) == "\\xe4rger.png"
    assert csv_line([name, "\ud800"]).encode() == b"\\xe4rger.png,\\ud800\n"


def test_two_processes_that_write_one_file_leave_the_whole_of_the_last_to_end(tmp_path: Path) -> None:
    path = tmp_path / "kept.txt"
    with whole(path) as partial:
        partial.write_text("ours, ")
        other = f"from pathlib import Path; from ml.files import write_text; write_text(Path({str(path)!r}), 'theirs')"
        subprocess.run([sys.executable, "-c", other], check=True, cwd=ROOT)
        assert path.read_text() == "theirs"
        with partial.open("a") as handle:
            handle.write("to its end")
    assert path.read_text() == "ours, to its end"
    assert list(tmp_path.iterdir()) == [path]


def test_what_fails_on_the_way_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "kept.txt"
    write_text(path, "before")

    def until_full(partial: Path) -> None:
        partial.write_text("aft")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(TrainingError, match=r"No space left on device\. Free some space"):
        write_whole(path, until_full)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_nobody_else_writes_csv() -> None:
    writers = [
        str(path.relative_to(ROOT))
        for folder in ("ml", "diagnosis", "pneumoweb", "tools", "benchmarks")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(r"csv\.(writer|DictWriter)", path.read_text())
    ]
    assert writers == ["ml/files.py"]
