"""A run on two devices that goes on after its first epoch: ``python -m tests.ml.training.two_devices DATA OUT``.

Two logical CPUs stand for two GPUs. In a process of its own, for devices are chosen once.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import tensorflow as tf

from ml.train import train
from ml.training import fit
from tests.ml.drawn import tiny_config

if __name__ == "__main__":
    data, out = map(Path, sys.argv[1:])
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    # TensorFlow is longer at making these graphs quick than they run.
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    fit.strategy = lambda: tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    for epochs, resume in ((1, False), (2, True)):
        train(data, out, replace(tiny_config(), epochs=epochs, train_size=32, input_size=32), resume=resume)
