"""The processes of a running site, kept together by honcho: they start together, and none outlives the others."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from subprocess import Popen
from typing import Any

from django.conf import settings
from honcho.manager import SIGNALS, Manager
from honcho.process import Popen as HonchoPopen
from honcho.process import Process

from diagnosis.worker import ENDED_ITSELF

RESTARTS, RESTARTS_SECONDS = 5, 600.0  # as often in so long; then it is no accident, and all end

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(signum: int = signal.SIGTERM) -> None:
    """Have the kernel signal this process when its parent goes, even by SIGKILL. Nothing to be had outside Linux."""
    if signum != signal.SIGKILL:
        signal.signal(signum, signal.SIG_DFL)  # a shell's background jobs are born with SIGINT and SIGQUIT ignored
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, int(signum), 0, 0, 0)


class Part(Process):  # type: ignore[misc]  # honcho is not typed
    """One process under honcho. Honcho forks a relay that starts it; both go when their parent goes."""

    def __init__(self, command: Sequence[str], ended: SimpleQueue[str], **options: Any) -> None:
        super().__init__(list(command), **options)
        self.ended = ended
        self._child_ctor = _start_part

    def run(self, events: Any = None, ignore_signals: bool = False) -> None:
        """Runs in the relay until the process has ended, then says so. One that ended itself (a worker in which work
        had stopped) is started again, a few times: the pages need not go with it."""
        die_with_parent(signal.SIGKILL)
        starts = [time.monotonic()]
        while True:
            relayed = _Relayed(events, swallow_end=len(starts) <= RESTARTS)
            super().run(relayed, ignore_signals)
            if not relayed.ended_itself:
                break
            now = time.monotonic()
            starts = [at for at in starts if now - at < RESTARTS_SECONDS] + [now]
        self.ended.put(self.name)


class _Relayed:
    """The manager's queue of events, without the end of a part that is to be started again."""

    def __init__(self, events: Any, swallow_end: bool) -> None:
        self.events = events
        self.swallow_end = swallow_end
        self.ended_itself = False

    def put(self, event: Any) -> None:
        """As the queue's."""
        self.ended_itself = self.swallow_end and event.type == "stop" and event.data["returncode"] == ENDED_ITSELF
        if not self.ended_itself:
            self.events.put(event)


def _start_part(command: list[str], **options: Any) -> Popen[bytes]:
    # Without its parent a part is to go at once: to Celery SIGQUIT means that, SIGTERM "in peace".
    quit_with_parent = partial(die_with_parent, signal.SIGQUIT)
    return HonchoPopen(  # type: ignore[no-any-return]  # honcho is not typed
        command, shell=False, stdin=subprocess.DEVNULL, preexec_fn=quit_with_parent, **options
    )


class Parts(Manager):  # type: ignore[misc]  # honcho is not typed
    """Honcho's manager without two gaps of its version 2.0.0: an end asked for too early, a relay that vanishes."""

    def __init__(self, parts: Mapping[str, Sequence[str]], ended: SimpleQueue[str], cwd: Path) -> None:
        super().__init__()
        self._end_asked_for = False
        for name, command in parts.items():
            self._process_ctor = lambda cmd, **options: Part(cmd, ended, **options)
            self.add_process(name, list(command), cwd=str(cwd))

    def terminate(self) -> None:
        """End all parts; those that have not started yet, as soon as they have (honcho fails on a missing pid)."""
        self._end_asked_for = True
        if super()._all_started():
            super().terminate()

    def kill(self) -> None:
        """End by force what did not end in time, relays included: one may wait for a lock that died with another."""
        super().kill()
        for known in self._processes.values():
            if "returncode" not in known:
                known["process"].kill()

    def _all_started(self) -> bool:
        self._notice_killed_relays()
        started = bool(super()._all_started())
        if started and self._end_asked_for and not self._terminating:
            super().terminate()
        return started

    def _notice_killed_relays(self) -> None:
        """A relay that was killed cannot tell that its part has ended (the kernel ended it); say so in its place."""
        for known in self._processes.values():
            relay = known.get("process")
            if relay is not None and relay.exitcode is not None and "returncode" not in known:
                known.setdefault("pid", relay.pid)
                known["returncode"] = relay.exitcode


def commands() -> dict[str, list[str]]:
    """What to run, by the name it has in the terminal."""
    # Django's checks have been run by whoever calls this; they would load all pages into the worker.
    celery = [sys.executable, "-m", "celery", "--quiet", "--skip-checks", "--app", "pneumoweb"]
    level = ["--loglevel", settings.LOG_LEVEL]
    return {
        "web": [sys.executable, "-m", "diagnosis.server.web"],
        "worker": [
            *(*celery, "worker", *level, "--hostname", f"worker-{settings.PORT}-{os.getpid()}@%h"),
            *("--pool", settings.WORKER_POOL, "--concurrency", str(settings.WORKER_CONCURRENCY)),
            # What workers tell each other all day; ours need none of it (see diagnosis/worker/heartbeat.py).
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        ],
        # What ran when is remembered across restarts: else a site that is started every morning would never tidy up.
        "beat": [*celery, "beat", *level, "--schedule", str(settings.DATA_DIR / "beat-schedule"), "--pidfile="],
    }


class PartsEnded(Exception):
    """A part of the site ended by itself, and the others were stopped; the text names it."""


def run_together(parts: Mapping[str, Sequence[str]], watched: Popen[bytes] | None, cwd: Path) -> None:
    """Run `parts` until a signal asks for the end, or until one of them ends.

    Args:
        parts: command lines by name.
        watched: a process already running whose end is everybody's end too (the private Redis).
        cwd: where they run.

    Raises:
        PartsEnded: one of them ended without being asked to.
    """
    if sys.platform == "linux":
        # The relays must be children of this very process for the kernel to tell them of its end.
        multiprocessing.set_start_method("fork", force=True)
    ended: SimpleQueue[str] = multiprocessing.SimpleQueue()
    manager = Parts(parts, ended, cwd)
    stopping = threading.Event()
    _terminate_on_hangup()
    if watched is not None:

        def end_with_redis() -> None:
            ended.put("redis")
            manager.terminate()

        _watch(watched, stopping, end_with_redis)
    manager.loop()
    stopping.set()
    asked = manager.returncode in {known["rc"] for known in SIGNALS.values()}
    first = ended.get() if not ended.empty() else "a part"
    if not asked or first == "redis":
        raise PartsEnded(f"{first} ended by itself (status {manager.returncode}), so everything was stopped.")


def _watch(process: Popen[bytes], stopping: threading.Event, on_end: Callable[[], None]) -> None:
    def wait() -> None:
        process.wait()
        if not stopping.is_set():
            on_end()

    threading.Thread(target=wait, name="watch redis", daemon=True).start()


def _terminate_on_hangup() -> None:
    """A closed terminal ends the site the same way as Ctrl-C does."""
    signal.signal(signal.SIGHUP, lambda _signum, _frame: os.kill(os.getpid(), signal.SIGTERM))
