"""Random numbers for augmentation, of which a resumed training draws the same as an unbroken one."""

from __future__ import annotations

from typing import Any


class Draws:
    """Random numbers that are a function of (seed, step, how many were drawn before) and of nothing else."""

    def __init__(self, seed: int, step: Any) -> None:
        self._seed, self._step, self._count = seed, step, 0

    def _key(self) -> Any:
        import tensorflow as tf

        self._count += 1
        return tf.stack([tf.constant(self._seed * 1009 + self._count, tf.int64), tf.cast(self._step, tf.int64)])

    def uniform(self, shape: Any, low: float = 0.0, high: float = 1.0) -> Any:
        import tensorflow as tf

        return tf.random.stateless_uniform(shape, self._key(), low, high)

    def normal(self, shape: Any) -> Any:
        import tensorflow as tf

        return tf.random.stateless_normal(shape, self._key())

    def chance(self, n: int, p: float) -> Any:
        """(n,) float32 of 0 and 1."""
        import tensorflow as tf

        return tf.cast(self.uniform((n,)) < p, tf.float32)
