"""What was read at the start is what runs, whatever becomes of the files."""

from __future__ import annotations

import gc
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.errors import ArtifactDamaged
from ml.inference.cards.files import ARTIFACTS
from ml.inference.cards.model_card import load_card
from ml.inference.runtime import Engine

FILMS = np.linspace(0, 255, 2 * 224 * 224, dtype=np.float32).reshape(2, 224, 224, 1)


def overwrite(file: Path) -> None:
    """In place: the same file, other bytes."""
    with file.open("r+b") as stream:
        stream.write(np.random.default_rng(0).bytes(file.stat().st_size))


def cut(file: Path) -> None:
    """In place: who has it mapped reads beyond its end."""
    with file.open("r+b") as stream:
        stream.truncate(100)


@cache
def intact(part: str) -> list[NDArray[np.float32]]:
    """What a network answers whose files nobody harms."""
    return [output.copy() for output in Engine(ARTIFACTS / part / "model.xml", threads=1)(FILMS)]


@pytest.mark.parametrize("harm", [overwrite, cut, Path.unlink])
@pytest.mark.parametrize("part", ["pneumonia", "gate"])
def test_a_loaded_network_is_not_changed_by_what_becomes_of_its_files(
    part: str, harm: Callable[[Path], None], tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(ARTIFACTS / part, tmp_path / part))
    engine = Engine(folder / "model.xml", threads=1)
    harm(folder / "model.bin")
    for before, now in zip(intact(part), engine(FILMS), strict=True):
        np.testing.assert_allclose(now, before, rtol=1e-5, atol=1e-5)


def test_bytes_that_the_card_does_not_name_are_not_loaded(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(ARTIFACTS / "pneumonia", tmp_path / "pneumonia"))
    files = load_card(folder).files
    Engine(folder / "model.xml", threads=1, sha256=files)
    overwrite(folder / "model.bin")
    with pytest.raises(ArtifactDamaged, match=r"model\.bin is not the file its card describes"):
        Engine(folder / "model.xml", threads=1, sha256=files)


def test_the_runtime_tells_nobody_of_its_start() -> None:
    from openvino.tools.ovc import telemetry_utils

    assert telemetry_utils.tm.__name__ == "openvino.tools.ovc.telemetry_stub"


def test_a_film_gets_the_same_alone_and_among_others() -> None:
    engine = Engine(ARTIFACTS / "gate" / "model.xml", threads=1)
    together = engine(np.concatenate([FILMS, FILMS[::-1]]))
    for place, film in enumerate((FILMS[:1], FILMS[1:], FILMS[1:], FILMS[:1])):
        for among, alone in zip(together, engine(film), strict=True):
            np.testing.assert_array_equal(among[place], alone[0])


def unpacked_weights() -> dict[str, tuple[int, int]]:
    """(size, resident) in kB of each nameless file this process has mapped for weights, by its addresses."""
    found: dict[str, tuple[int, int]] = {}
    place = ""
    for line in Path("/proc/self/smaps").read_text().splitlines():
        name, *rest = line.split()
        if "-" in name and not name.endswith(":"):
            place = name if rest[-1] == "(deleted)" and rest[-2].startswith(tempfile.gettempdir()) else ""
        elif place and name == "Size:":
            found[place] = (int(rest[0]), 0)
        elif place and name == "Rss:":
            found[place] = (found[place][0], int(rest[0]))
    return found


@pytest.mark.skipif(not Path("/proc/self/smaps").is_file(), reason="Linux tells what is resident")
def test_weights_that_are_packed_already_take_no_memory() -> None:
    gc.collect()  # engines of other tests, whose files would lie where a new one may
    before = unpacked_weights()
    engine = Engine(ARTIFACTS / "adults" / "model.xml", threads=1)
    engine(FILMS[:1])
    new = [entry for place, entry in unpacked_weights().items() if place not in before]
    assert sum(size for size, _ in new) > 15_000
    assert sum(resident for _, resident in new) < 2_000


def test_without_room_for_a_file_a_network_answers_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = ARTIFACTS / "adults" / "model.xml"
    ordinary = Engine(path, threads=1)(FILMS)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    for one, other in zip(ordinary, Engine(path, threads=1)(FILMS), strict=True):
        np.testing.assert_array_equal(one, other)
