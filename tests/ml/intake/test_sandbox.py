"""The helper process: it may crash, hang and swell; the process that asked goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from ml.errors import IntakeError
from ml.intake import sandbox
from ml.intake.read import Limits, read_radiograph
from tests.ml.intake.corpus import seeds

TIFF = seeds()["tiff"]


def helper_pid() -> int:
    assert sandbox._helper is not None
    return sandbox._helper._process.pid


def read() -> np.ndarray:
    return read_radiograph(TIFF).pixels


def test_a_helper_is_kept_for_the_next_file():
    read()
    first = helper_pid()
    read()
    assert helper_pid() == first


def test_a_helper_killed_between_two_files_is_replaced_unnoticed():
    read()
    os.kill(helper_pid(), signal.SIGKILL)
    sandbox._helper._process.wait()
    assert read().shape == (200, 240)


def test_a_decoder_that_crashes_refuses_its_file_and_the_next_one_is_read():
    read()
    pid = helper_pid()
    os.kill(pid, signal.SIGSTOP)  # so that it is in the middle of the file when it crashes
    crash = threading.Timer(0.2, os.kill, (pid, signal.SIGSEGV))
    wake = threading.Timer(0.3, os.kill, (pid, signal.SIGCONT))
    crash.start()
    wake.start()
    with pytest.raises(IntakeError) as refused:
        read()
    assert refused.value.code == "DAMAGED"
    wake.cancel()
    assert read().shape == (200, 240)
    assert helper_pid() != pid


def test_a_decoder_that_hangs_is_ended_by_the_clock():
    read()
    os.kill(helper_pid(), signal.SIGSTOP)
    began = time.monotonic()
    with pytest.raises(IntakeError) as refused:
        sandbox.read_apart(TIFF, "TIFF", Limits(), b"", False, seconds=0.5)
    assert refused.value.code == "TOO_SLOW"
    assert time.monotonic() - began < 5
    assert read().shape == (200, 240)


def test_two_threads_get_their_own_answers():
    films = {name: seeds()[name] for name in ("tiff", "bmp", "webp", "jp2", "dicom-RLELossless")}
    expected = {name: read_radiograph(data).pixel_hash() for name, data in films.items()}
    wrong = []

    def work(name: str) -> None:
        for _ in range(5):
            if read_radiograph(films[name]).pixel_hash() != expected[name]:
                wrong.append(name)

    threads = [threading.Thread(target=work, args=(name,)) for name in films]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_forked_child_does_not_share_its_parents_helper():
    read()
    child = os.fork()
    if child == 0:
        os._exit(0 if sandbox._helper is None and read().shape == (200, 240) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert read().shape == (200, 240)


@pytest.mark.skipif(sys.platform != "linux", reason="the bounds of memory, time and files are Linux's")
def test_the_helper_may_not_write_files_nor_swell_nor_know_our_settings():
    read()
    about = Path(f"/proc/{helper_pid()}")
    limits = (about / "limits").read_text()
    bounds = {line[:26].strip(): line[26:].split()[0] for line in limits.splitlines()[1:]}
    assert bounds["Max file size"] == "0"
    assert bounds["Max core file size"] == "0"
    assert int(bounds["Max address space"]) <= 2 * 1024**3
    assert int(bounds["Max cpu time"]) < 3600
    environment = (about / "environ").read_bytes()
    assert b"DJANGO" not in environment
    assert b"SECRET" not in environment


def test_importing_the_reader_loads_neither_pydicom_nor_a_framework():
    looked = subprocess.run(
        [sys.executable, "-c", "import sys, ml.intake.read; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert not {"pydicom", "gdcm", "keras", "tensorflow", "openvino", "django"} & set(looked)
