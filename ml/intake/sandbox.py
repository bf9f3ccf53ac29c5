"""Decoding in a process apart, so that no file can crash, hang or swell the process that serves people.

Ordinary JPEG and PNG are decoded in the calling process: their two decoders are the best tested there are, and half of
an upload's time would go into the detour. Everything else (DICOM with its many codecs, TIFF, WebP, JPEG 2000, BMP, and
a JPEG or PNG of unusual build) goes through one helper process for each serving process. The helper has bounds on
memory and processor time, may write no file, knows none of our settings, and its words go nowhere: not even a decoder's
error text with a patient's name in it can reach a log. When it dies, the file was at fault; the next file gets a new
helper.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import numpy as np

from ml.errors import IntakeError, damaged, gettext_noop
from ml.intake.radiograph import Header, Limits, Notice, Radiograph

log = logging.getLogger(__name__)

SECONDS = 30.0
"""Longest a file may take apart, by the clock, however busy the machine; the helper bounds its own work closer."""
IDLE_SECONDS = 300.0
"""A helper that nobody has asked for this long ends itself."""

_OUT_OF_TIME = -int(getattr(signal, "SIGXCPU", 0)) or None
_ROOT = Path(__file__).resolve().parents[2]


class _Helper:
    """One running ``ml.intake.sandbox_worker``; not safe for use by two threads at once."""

    def __init__(self) -> None:
        environment = {
            "PATH": os.defpath,
            "LC_ALL": "C.UTF-8",
            "OPENBLAS_NUM_THREADS": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ml.intake.sandbox_worker"],
            cwd=_ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # an interrupt from the terminal is for us, not for it
        )
        self.used = time.monotonic()

    def usable(self) -> bool:
        """It still runs, and will not have ended itself for idleness by the time the question arrives."""
        return self._process.poll() is None and time.monotonic() - self.used < IDLE_SECONDS / 2

    def ask(self, question: dict[str, Any], data: bytes, seconds: float) -> tuple[dict[str, Any], bytes]:
        """Send one file, wait for the answer.

        Raises:
            _Died: The helper ended without answering; whether for want of time, says ``timed_out``.
        """
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise RuntimeError("the helper has no pipes")
        overdue = threading.Event()

        def end() -> None:
            overdue.set()
            self._process.kill()

        clock = threading.Timer(seconds, end)
        clock.daemon = True
        clock.start()
        try:
            send(stdin, question, data)
            answer = receive(stdout)
            self.used = time.monotonic()
            return answer
        except (OSError, EOFError, ValueError) as error:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(0.5)  # one that is dying of itself says why
            self.stop()
            status = self._process.returncode
            raise _Died(timed_out=overdue.is_set() or status == _OUT_OF_TIME, status=status) from error
        finally:
            clock.cancel()

    def stop(self) -> None:
        """End it and collect its status."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        self._process.wait()


class _Died(Exception):
    def __init__(self, *, timed_out: bool, status: int | None) -> None:
        super().__init__(f"status {status}{', out of time' if timed_out else ''}")
        self.timed_out = timed_out


def send(pipe: IO[bytes], words: dict[str, Any], data: bytes) -> None:
    """Write one message: the lengths of its two parts, JSON, bytes."""
    text = json.dumps(words).encode("utf-8")
    pipe.write(len(text).to_bytes(8, "big") + len(data).to_bytes(8, "big") + text)
    pipe.write(data)
    pipe.flush()


def receive(pipe: IO[bytes]) -> tuple[dict[str, Any], bytes]:
    """Read one message.

    Raises:
        EOFError: The other end is gone.
    """
    head = pipe.read(16)
    if len(head) < 16:
        raise EOFError
    text_length, data_length = int.from_bytes(head[:8], "big"), int.from_bytes(head[8:], "big")
    text, data = pipe.read(text_length), pipe.read(data_length)
    if len(text) < text_length or len(data) < data_length:
        raise EOFError
    return json.loads(text), data


_lock = threading.Lock()
_helper: _Helper | None = None


def _after_fork() -> None:
    """A forked child must not share its parent's helper: each would read the other's answers."""
    global _helper, _lock
    _helper, _lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def stop() -> None:
    """End the helper of this process, if there is one."""
    global _helper
    with _lock:
        if _helper is not None:
            _helper.stop()
            _helper = None


def read_apart(
    data: bytes, kind: str, limits: Limits, salt: bytes, for_model_only: bool, seconds: float = SECONDS
) -> Radiograph:
    """Have the helper read one file of the sniffed ``kind``.

    Raises:
        IntakeError: Whatever the reader says; ``DAMAGED`` when the decoder crashed, ``TOO_SLOW`` when out of time.
    """
    global _helper
    question = {"kind": kind, "limits": asdict(limits), "salt": salt.hex(), "for_model_only": for_model_only}
    with _lock:
        if _helper is None or not _helper.usable():
            if _helper is not None:
                _helper.stop()
            _helper = _Helper()
        try:
            answer, raw = _helper.ask(question, data, seconds)
        except _Died as death:
            _helper = None
            log.warning("decoder for %s died on a file of %d bytes: %s", kind, len(data), death)
            raise _answer_to(death) from None
    if "error" in answer:
        code, message, advice, parameters = answer["error"]
        raise IntakeError(code, message, advice, **parameters)
    return Radiograph(
        np.frombuffer(raw, np.uint8).reshape(answer["shape"]),
        answer["format"],
        Header(**answer["header"]),
        tuple(Notice(**notice) for notice in answer["notices"]),
        scaled_from=tuple(answer["scaled_from"]) if answer["scaled_from"] else None,
    )


def _answer_to(death: _Died) -> IntakeError:
    if death.timed_out:
        return IntakeError(
            "TOO_SLOW",
            gettext_noop("Reading this file took too long."),
            gettext_noop("Export the radiograph again without compression, or as PNG, and submit the new file."),
        )
    return damaged()
