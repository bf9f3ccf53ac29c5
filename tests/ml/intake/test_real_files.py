"""Real files, where they are at hand: read upright, in the right polarity, stored without loss."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from ml.intake.read import read_radiograph
from tests.places import SHARED_DATA as DATA
from tools.fuzz_intake import outcome

needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the shared films are not on this machine")


@needs_data
@pytest.mark.parametrize(
    ("name", "size", "age"),
    [("RG1_J2KI.dcm", (1841, 1955), 64.4), ("CR-MONO1-10-chest.dcm", (440, 440), None),
     ("0503645592756492463169821050252582267888.dcm", (1024, 1024), 81.0)],
)  # fmt: skip
def test_real_chest_dicoms_have_dark_lungs_a_bright_spine_and_the_heart_on_the_right(name, size, age):
    film = read_radiograph((DATA / "dicom" / name).read_bytes())
    assert (film.width, film.height) == size
    assert film.header.age_years == age
    seen = film.model_input().pixels.astype(float)
    middle = seen[60:120, 105:120].mean()
    assert seen[60:110, 45:80].mean() < middle - 20
    assert seen[60:110, 145:180].mean() < middle - 20
    heart = seen[125:160]
    assert heart[:, 128:150].mean() > heart[:, 62:84].mean() + 10  # upside down or mirrored it would be the other way
    assert seen[195:, 60:160].mean() > seen[80:120, 45:80].mean()  # the abdomen is at the bottom


@needs_data
def test_a_real_shin_is_read_with_bright_bone():
    film = read_radiograph((DATA / "dicom" / "RG3_J2KI.dcm").read_bytes())
    assert film.header.body_part == "EXTREMITY"
    seen = film.model_input().pixels.astype(float)
    assert seen[60:90, 105:112].mean() > seen[60:90, 62:72].mean() + 60


@needs_data
def test_published_films_reproduce_the_training_copies():
    differences = []
    for path in sorted(DATA.glob("fullsize/*/*"))[::4]:
        copy = np.asarray(Image.open(DATA / "paediatric" / "train" / path.relative_to(DATA / "fullsize")))
        seen = read_radiograph(path.read_bytes(), for_model_only=True).model_input().pixels
        differences.append(np.sqrt(np.mean((seen.astype(float) - copy) ** 2)))
    assert np.mean(differences) < 3.5  # mostly the copies' own JPEG loss
    assert max(differences) < 5


@needs_data
def test_published_films_are_stored_without_loss():
    for path in sorted(DATA.glob("fullsize/*/*"))[::7]:
        film = read_radiograph(path.read_bytes())
        stored, _ = film.to_stored()
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(stored)).convert("L")), film.pixels)


@needs_data
def test_other_pictures_are_read_or_refused_for_their_colour():
    assert {outcome(path.read_bytes()) for path in DATA.glob("not_chest/*")} == {"read", "COLOUR_PICTURE"}
