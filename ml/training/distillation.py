"""Finished runs that teach another one what they predict together (distillation; Hinton et al. 2015).

An ensemble ranks films of other hospitals better than its members and costs as many times more in use. A network of
one member's size that learns the ensemble's predictions, on the changed films of its own training, keeps most of that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.data.dataset import DataError
from ml.errors import TrainingError
from ml.inference.cards.files import is_artefact, read_card_json
from ml.inference.cards.model_card import READABLE
from ml.network import classifier, lung_classifier
from ml.network.efficientnet import WHOLE
from ml.network.export import load_keras

Shown = Callable[[int], tuple[NDArray[np.uint8], NDArray[np.float32]]]
"""Gives crops of some hundred films of training, and their pooling weights for so many stages."""

SHARE = 0.7
"""How much of a film's target is the teachers' prediction of it, as shown; the rest is its label."""


def teachers(runs: Sequence[Path], size: int, identity: dict[str, Any]) -> Callable[[Any], Any]:
    """What finished runs predict together.

    Args:
        runs: Folders of ``ml.train``; the best weights of each are taken.
        size: Side of the films they will be shown, in pixels.
        identity: Of the run that learns: its data and ``split_seed`` must be theirs, or a film could be validation
            for the pupil and lesson for a teacher.

    Returns:
        A function of float32 (N, size, size, 1) in 0..255 that gives (N, 1) probabilities: the sigmoid of the mean of
        the teachers' logits.

    Raises:
        DataError: A run has no readable checkpoint, or has seen other films.
    """
    from ml.training.checkpoint import load_member

    networks = []
    for run in runs:
        member = load_member(run)
        _check_films(run, member.identity, identity, "data", "split_seed")
        network = classifier.build_training(member.architecture, size)
        network.set_weights(member.network.get_weights())
        networks.append(network)

    def predict(films: Any) -> Any:
        import tensorflow as tf

        probabilities = [tf.cast(network(films, training=False)["pneumonia"], tf.float32) for network in networks]
        odds = [
            tf.math.log(p) - tf.math.log1p(-p) for p in (tf.clip_by_value(p, 1e-5, 1 - 1e-5) for p in probabilities)
        ]
        return tf.sigmoid(tf.add_n(odds) / len(odds))

    return predict


def lung_teachers(
    taught_by: Sequence[Path], size: int, identity: Mapping[str, Any], shown: Shown
) -> Callable[[Any, Callable[[int], Any]], Any]:
    """What classifiers on lung crops predict together; each may have another number of stages than the pupil.

    Args:
        taught_by: Folders of ``ml.train``, of which the mean of the last epochs' weights is taken, as it is served; or
            published artefacts, of which the caller has made sure that they know no film that is kept apart.
        size: Side of the crops they will be shown, in pixels.
        identity: As for :func:`teachers`; ``soften`` has to be theirs, too.
        shown: Some hundred such crops, for a published network.

    Returns:
        A function of crops (N, size, size, 1) in 0..255, and of what gives their pooling weights for a number of
        stages, that gives (N,) probabilities: the sigmoid of the mean of the logits pooled over the lungs.

    Raises:
        DataError: A run has no readable checkpoint, is of another kind, or has seen other films.
        ArtifactError: A published network cannot be read, or is of another kind.
    """
    from ml.training.checkpoint import give_lung_weights, identity_of

    networks: list[tuple[int, Any]] = []
    for folder in taught_by:
        if is_artefact(folder):
            served = load_keras(folder / "model.keras")
            stages = lung_classifier.stages_served(served)
            network = lung_classifier.build_training(size, stages=stages)
            lung_classifier.learn_on(network, served, list(shown(stages)))
            its = read_card_json(folder, READABLE, "Learn from a published classifier.")["training"]
            _check_films(folder, its, identity, "soften")
        else:
            try:
                its = identity_of(folder)
                stages = its.get("stages", WHOLE)
                network = lung_classifier.build_training(size, stages=stages)
                give_lung_weights(network, folder, "best")
            except TrainingError as error:
                raise DataError(f"{folder} cannot teach: {error}") from error
            _check_films(folder, its, identity, "data", "split_seed", "soften")
        networks.append((stages, network))

    def predict(crops: Any, weights: Callable[[int], Any]) -> Any:
        import tensorflow as tf

        logits = [network([crops, weights(stages)], training=False)["lungs"][:, 0] for stages, network in networks]
        return tf.sigmoid(tf.add_n(logits) / len(logits))

    return predict


def _check_films(run: Path, its: Mapping[str, Any], identity: Mapping[str, Any], *shared: str) -> None:
    strange = [name for name in shared if its.get(name) != identity.get(name)]
    if strange:
        raise DataError(f"{run} cannot teach: it was trained on other films ({', '.join(strange)} differ).")
