"""The predictor: one prediction or refusal for each film, and no answer at all from a model that is not whole."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import ml.inference.predictor
from ml.errors import ArtifactDamaged, ArtifactError, ArtifactMissing, Refusal
from ml.inference.cards.files import ARTIFACTS
from ml.inference.cards.model_card import load_card
from ml.inference.gate.check import GateResult
from ml.inference.population import Correction, OutsidePopulations
from ml.inference.predictor import Prediction, Predictor, load_classifier
from ml.intake.read import Header, ModelInput, Notice
from tests.ml.drawn import copied_artifact, drawn_input, workshop

FILMS = [drawn_input(seed, opacity=bool(seed % 2)) for seed in range(5)]


class Doorkeeper:
    """A gate that refuses the films it is told to, and turns another; the real one has tests of its own."""

    def __init__(self, refused: set[int], turned: set[int] = frozenset()) -> None:  # type: ignore[assignment]
        self.refused, self.turned = refused, turned

    def check(self, inputs: Sequence[ModelInput]) -> list[GateResult]:
        def one(i: int, film: ModelInput) -> GateResult:
            if i in self.refused:
                return GateResult(Refusal("NOT_CHEST", "Not a chest film."), (), {})
            if i in self.turned:
                return GateResult(None, (Notice("ROTATION_CORRECTED", "Turned."),), {}, np.rot90(film.pixels, 1), 1)
            return GateResult(None, (), {})

        return [one(i, film) for i, film in enumerate(inputs)]


def _predictor(gate: Doorkeeper | None = None) -> Predictor:
    card = load_card(workshop() / "artifact")
    return Predictor(card, {"model": load_classifier(card, threads=1)}, gate)  # type: ignore[arg-type]


def test_each_film_gets_one_prediction_in_order() -> None:
    predictor = _predictor()
    predictor.warm_up()
    answers = predictor.predict(FILMS, "screening")
    assert len(answers) == len(FILMS)
    for film, answer in zip(FILMS, answers, strict=True):
        assert isinstance(answer, Prediction)
        (alone,) = predictor.predict([film], "screening")
        assert isinstance(alone, Prediction)
        assert answer.probability == pytest.approx(alone.probability, abs=1e-4)
        assert 0 < answer.probability < 1
        assert answer.finding == predictor.card.first.finding(answer.probability, "screening")
        assert answer.cuts == predictor.card.first.operating_points["screening"].cuts
        assert predictor.card.first.probability(np.float32(answer.score)) == pytest.approx(answer.probability)
        assert answer.heatmap.shape == (14, 14)
        assert answer.lungs is None, "nobody was given to look for them"
        assert answer.model_version == "2026.1.1"
        assert answer.milliseconds > 0


def test_more_films_than_a_batch_and_none_at_all_are_both_fine() -> None:
    predictor = _predictor()
    assert len(predictor.predict(FILMS * 8)) == 40
    assert predictor.predict([]) == []


def test_a_refused_film_gets_its_refusal_and_the_others_their_prediction() -> None:
    answers = _predictor(Doorkeeper({0, 3})).predict(FILMS)
    plain = _predictor().predict(FILMS)
    assert [isinstance(answer, Refusal) for answer in answers] == [True, False, False, True, False]
    for i in (1, 2, 4):
        one, other = answers[i], plain[i]
        assert isinstance(one, Prediction)
        assert isinstance(other, Prediction)
        assert one.probability == pytest.approx(other.probability, abs=1e-4)


def test_a_film_the_gate_turned_is_predicted_turned_and_its_map_belongs_to_it_as_it_is_shown() -> None:
    (turned,) = _predictor(Doorkeeper(set(), {0})).predict([FILMS[1]])
    upright = ModelInput(np.ascontiguousarray(np.rot90(FILMS[1].pixels, 1)), 1024, 840)
    (direct,) = _predictor().predict([upright])
    assert isinstance(turned, Prediction)
    assert isinstance(direct, Prediction)
    assert turned.probability == pytest.approx(direct.probability)
    assert np.allclose(turned.heatmap, direct.heatmap)
    assert (turned.correction, direct.correction) == (Correction(1), Correction())
    assert turned.warnings[0].code == "ROTATION_CORRECTED"


def test_a_film_of_nobody_the_model_answers_for_gets_no_number_beside_others_that_do() -> None:
    films = [replace(FILMS[0], header=Header(age_years=age)) for age in (3.0, 81.0, 9.0, 0.5)]
    answers = _predictor(Doorkeeper(set())).predict(films)
    assert isinstance(answers[0], Prediction)
    assert answers[0].belonging.population == "child"
    assert all(isinstance(answer, OutsidePopulations) for answer in answers[1:])
    assert ["81 years" in str(answers[1]), "9 years" in str(answers[2]), "6 months" in str(answers[3])] == [True] * 3


def test_what_a_person_states_holds_where_the_file_is_silent() -> None:
    adult, child = _predictor(Doorkeeper(set())).predict(FILMS[:2], stated=["adult", "child"])
    assert isinstance(adult, OutsidePopulations)
    assert isinstance(child, Prediction)
    assert child.belonging.source == "stated"


def test_an_operating_point_that_is_not_in_the_card_is_an_error() -> None:
    with pytest.raises(KeyError):
        _predictor().predict(FILMS, "favourite")


def test_a_damaged_model_never_answers(tmp_path: Path) -> None:
    folder = copied_artifact(tmp_path / "a")
    (folder / "model.bin").write_bytes(b"\0" * 100)
    with pytest.raises(ArtifactDamaged, match="SHA-256"):
        Predictor.load(folder)
    with pytest.raises(ArtifactMissing):
        Predictor.load(tmp_path / "nowhere")


def test_a_network_of_another_shape_than_its_card_says_is_refused(tmp_path: Path) -> None:
    folder = copied_artifact(tmp_path / "a")
    text = (folder / "card.json").read_text()
    card = load_card(folder)
    shorter = json.loads(text)
    shorter["populations"]["child"]["network"]["head"]["weights"] = card.first.head["weights"][:2]
    with pytest.raises(ArtifactDamaged, match="not a logit and 2 features"):
        load_classifier(ml.inference.cards.model_card.parse_card(shorter, folder))


def test_without_a_whole_gate_nothing_is_analysed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gate").mkdir()
    monkeypatch.setattr(ml.inference.predictor, "ARTIFACTS", tmp_path)
    with pytest.raises(ArtifactError):
        Predictor.load(workshop() / "artifact")


SERVE = """
import sys
from dataclasses import replace
from pathlib import Path
import numpy as np
import ml
assert not {"openvino", "keras", "tensorflow", "django"} & set(sys.modules), "the door itself loads no runtime"
predictor = ml.Predictor.load(Path(sys.argv[1]), threads=1)
predictor.warm_up()
predictor.predict([ml.ModelInput(np.full((224, 224), 90, np.uint8), 224, 224)])
loaded = {name.partition(".")[0] for name in sys.modules}
assert not {"keras", "tensorflow", "torch", "jax", "django"} & loaded, loaded
"""


def test_serving_loads_neither_keras_nor_tensorflow() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SERVE, str(workshop() / "artifact")],
        cwd=ARTIFACTS.parent.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
