"""Whatever is done to a film's bytes, intake answers with a film or a refusal; the long run is tools.fuzz_intake."""

from __future__ import annotations

import random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.ml.intake.corpus import seeds
from tools.fuzz_intake import broken, outcome

patiently = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck), derandomize=True)


@patiently
@given(st.binary(max_size=600))
def test_any_bytes_at_all_are_refused(data):
    assert outcome(data) != "read"


@patiently
@given(st.sampled_from(sorted(seeds())), st.integers(0, 2**32))
def test_a_broken_film_is_read_or_refused(name, number):
    films = list(seeds().values())
    outcome(broken(seeds()[name], random.Random(number), films))


@patiently
@given(st.sampled_from(["jpeg", "png", "tiff", "bmp", "webp", "jp2", "dicom-bare"]), st.binary(max_size=300))
def test_a_formats_start_with_anything_behind_it_is_refused(name, data):
    assert outcome(seeds()[name][:20] + data) != "read"


@patiently
@given(st.sampled_from([name for name in seeds() if "dicom" in name]), st.data())
def test_dicom_with_any_element_overwritten_is_read_or_refused(name, data):
    film = bytearray(seeds()[name])
    at = data.draw(st.integers(128, 900))
    film[at : at + 4] = data.draw(st.binary(min_size=4, max_size=4))
    outcome(bytes(film))
