"""Finished runs that teach another one what they predict together (distillation; Hinton et al. 2015).

An ensemble ranks films of other hospitals better than its members and costs as many times more in use. A network of
one member's size that learns the ensemble's predictions, on the changed films of its own training, keeps most of that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ml.data.dataset import DataError
from ml.errors import TrainingError
from ml.network import classifier, lung_classifier

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
        _check_films(run, member.identity, identity)
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
    runs: Sequence[Path], size: int, stages: int, identity: Mapping[str, Any]
) -> Callable[[Any, Any], Any]:
    """What finished runs of classifiers on lung crops predict together.

    Args:
        runs: Folders of ``ml.train``; of each, the mean of its last epochs' weights is taken, as it is served.
        size: Side of the crops they will be shown, in pixels.
        stages: Of the pupil's backbone, and so of theirs.
        identity: As for :func:`teachers`; ``soften`` has to be theirs, too.

    Returns:
        A function of crops (N, size, size, 1) in 0..255 and their pooling weights that gives (N,) probabilities: the
        sigmoid of the mean of the logits pooled over the lungs.

    Raises:
        DataError: A run has no readable checkpoint, is of another kind, or has seen other films.
    """
    from ml.training.checkpoint import give_lung_weights

    networks = []
    for run in runs:
        network = lung_classifier.build_training(size, stages=stages)
        try:
            its = give_lung_weights(network, run, "best")
        except TrainingError as error:
            raise DataError(f"{run} cannot teach: {error}") from error
        _check_films(run, its, identity, "soften")
        networks.append(network)

    def predict(crops: Any, weights: Any) -> Any:
        import tensorflow as tf

        logits = [network([crops, weights], training=False)["lungs"][:, 0] for network in networks]
        return tf.sigmoid(tf.add_n(logits) / len(logits))

    return predict


def _check_films(run: Path, its: Mapping[str, Any], identity: Mapping[str, Any], *further: str) -> None:
    strange = [name for name in ("data", "split_seed", *further) if its.get(name) != identity.get(name)]
    if strange:
        raise DataError(f"{run} cannot teach: it was trained on other films ({', '.join(strange)} differ).")
