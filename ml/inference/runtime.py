"""Run an exported network on the OpenVINO runtime: no Keras, no TensorFlow, about a tenth of their memory.

Why this runtime, with the figures of the others on the same network: docs/decisions.md.
"""

from __future__ import annotations

import ctypes
import hashlib
import mmap
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ml.errors import ArtifactDamaged, ArtifactMissing

if TYPE_CHECKING:
    import openvino


_M_ARENA_MAX = -8
"""glibc's name for the number of heaps. One for each thread that compiles keeps 4 MB that nobody uses again."""

_ALIGNED = 64
"""Bytes at whose multiples the runtime takes a constant as it lies."""

_LARGE = 4096
"""Values from which a constant is worth a place outside memory."""


class Engine:
    """One network in memory, compiled for this machine.

    Both files are read once, and what was read is what is checked and what runs: the runtime left alone maps the
    weights and reads them again later, so a file overwritten in place would answer under the old file's name.

    Compiled for one film at a time: of known shape a network takes three quarters of the time (as a film among eight
    does when it is not known), and what a film is given does not depend on the films beside it.

    Args:
        path: The ``.xml`` of an OpenVINO IR; its ``.bin`` lies beside it.
        threads: Cores to use; ``None`` leaves the choice to the runtime (all of them).
        sha256: What the files must be, by name, as cards have it; ``None`` takes them as they are.

    Raises:
        ArtifactMissing: one of the two files is not there.
        ArtifactDamaged: they are others than they must be, or cannot be read as a network.
    """

    def __init__(self, path: Path, *, threads: int | None = None, sha256: Mapping[str, str] | None = None) -> None:
        _allocator("mallopt", _M_ARENA_MAX, 1)
        # Imported here so that a web process, which only shows cards and stores films, never loads the runtime.
        import openvino

        network, weights = (_read(file, sha256) for file in (path, path.with_suffix(".bin")))
        options: dict[str, Any] = {
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": 1,
            # Left to itself the CPU plugin computes in bfloat16 where the processor can (AVX512-BF16, AMX), which is
            # no longer the network that was evaluated. Parity with Keras to 1e-3 needs float32.
            "INFERENCE_PRECISION_HINT": "f32",
            # Small operations compiled one by one: no faster for these networks, and 7 MB each.
            "SNIPPETS_MODE": "DISABLE",
        }
        if threads is not None:
            options["INFERENCE_NUM_THREADS"] = max(1, threads)
        core = openvino.Core()
        try:
            model = core.read_model(network, weights)
            self.input_shape: tuple[int, ...] = tuple(
                dimension.get_length() if dimension.is_static else -1 for dimension in model.input(0).partial_shape
            )
            model.reshape([1, *self.input_shape[1:]])
            self._unpacked = _let_go(model)
            self._compiled: openvino.CompiledModel = core.compile_model(model, "CPU", options)
        except RuntimeError as error:
            first = (str(error).strip().splitlines() or ["unknown"])[-1]
            raise ArtifactDamaged(f"{path} cannot be read as a network: {first}") from error
        self._request = self._compiled.create_infer_request()
        del model, network, weights
        _allocator("malloc_trim", 0)  # compiling leaves 10 MB
        if self._unpacked is not None and hasattr(mmap, "MADV_DONTNEED"):
            self._unpacked.madvise(mmap.MADV_DONTNEED)

    def __call__(self, batch: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
        """Run a batch (n, height, width, channels) and return the outputs in the order the network names them.

        The arrays are the caller's own: a later call does not overwrite them. One call at a time per Engine.
        """
        films = np.ascontiguousarray(batch, np.float32)
        found = [
            self._request.infer(films[i : i + 1], share_inputs=True, share_outputs=False).to_tuple()
            for i in range(len(films))
        ]
        return found[0] if len(found) == 1 else tuple(np.concatenate(part) for part in zip(*found, strict=True))


def _let_go(model: openvino.Model) -> mmap.mmap | None:
    """Take a network's constants out of its file's bytes, so that these can be freed; return where large ones lie now.

    Compiling packs weights into the order that the processor likes, and keeps the 32 bits they came from (or were
    widened to, where 16 are stored) for good, which nothing reads any more: 16 of an adults' network's 60 MB. They go
    to a file without a name, which nobody else can open, and whose pages the system takes back when they are not read.
    Where there is no room for it they stay in memory.
    """
    from openvino import Type, opset13

    large = []
    for node in model.get_ordered_ops():
        if node.get_type_name() != "Constant":
            continue
        users = [target.get_node() for target in node.output(0).get_target_inputs()]
        if node.get_element_type() == Type.f32 and node.data.size >= _LARGE:
            large.append((node, node))
        elif node.get_element_type() != Type.f16:
            _exchange(node, opset13.constant(np.array(node.data)))
        elif [user.get_type_name() for user in users] == ["Convert"] and users[0].get_element_type() == Type.f32:
            large.append((node, users[0]))
    if not large:
        return None
    try:
        with tempfile.TemporaryFile() as file:
            places = []
            for node, _ in large:
                file.seek(-file.tell() % _ALIGNED, os.SEEK_CUR)
                places.append(file.tell())
                file.write(node.data.astype(np.float32).tobytes())
            file.flush()
            whole = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    except OSError:
        return None
    for (node, replaced), place in zip(large, places, strict=True):
        shape = node.data.shape
        values = np.frombuffer(whole, np.float32, node.data.size, place).reshape(shape)
        _exchange(replaced, opset13.constant(values, shared_memory=True))
    return whole


def _exchange(old: Any, new: Any) -> None:
    for target in old.output(0).get_target_inputs():
        target.replace_source_output(new.output(0))


def _allocator(call: str, *arguments: int) -> None:
    """Call the C library's allocator, where it has such a function (glibc)."""
    function = getattr(ctypes.CDLL(None), call, None)
    if function is not None:
        function(*arguments)


def _read(file: Path, sha256: Mapping[str, str] | None) -> bytes:
    """One file's bytes, whole, and only if they are what they must be."""
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        raise ArtifactMissing(f"{file} is missing. Restore its folder or publish the model again.") from None
    except OSError as error:
        raise ArtifactDamaged(f"{file} cannot be read: {error}") from error
    if sha256 is not None and hashlib.sha256(data).hexdigest() != sha256.get(file.name):
        raise ArtifactDamaged(
            f"{file} is not the file its card describes (SHA-256 differs). Restore the folder {file.parent} as a whole."
        )
    return data
