"""``python -m benchmarks.profile [--seconds N] [--out DIR]``: where web and worker spend their time under full load.

Samples both processes with py-spy while clients submit films as fast as they are answered. Writes one flame graph each
(``web.svg``, ``worker.svg``) and prints, for each, what the time on a processor goes to.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path

from benchmarks.end_to_end import CLIENTS, throughput
from benchmarks.site import django_of, running_site, serving_process

ROOT = Path(__file__).resolve().parent.parent


def record(pid: int, seconds: int, style: str, out: Path) -> None:
    """Sample one process with py-spy: ``style`` is ``raw`` (folded stacks) or ``flamegraph`` (SVG)."""
    command = [str(Path(sys.executable).with_name("py-spy")), "record", "--pid", str(pid), "--duration", str(seconds)]
    options = ["--rate", "200", "--nonblocking", "--format", style, "--output", str(out)]
    subprocess.run([*command, *options], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if style == "flamegraph":  # its title is the command line, with paths of this machine
        drawn = out.read_text(encoding="utf-8")
        out.write_text(drawn.replace(" ".join([*command, *options]), f"{out.stem} process, {seconds} s"), "utf-8")


def shares(folded: str) -> list[tuple[str, float]]:
    """What samples were spent in, by the innermost function of our own or of a library; most first.

    Args:
        folded: Lines ``outermost;…;innermost COUNT``, as py-spy's raw format has them.

    Returns:
        (function and file, share of all samples 0–1).
    """
    counts: Counter[str] = Counter()
    for line in folded.splitlines():
        stack, _space, count = line.rpartition(" ")
        python = [frame for frame in stack.split(";") if ".py:" in frame]
        counts[python[-1].rsplit(":", 1)[0] + ")" if python else "outside Python"] += int(count)
    total = sum(counts.values())
    return [(name, count / total) for name, count in counts.most_common()]


def main() -> None:
    """Load the site, sample, write, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profile", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seconds", type=int, default=15, help="how long each process is sampled")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "profile", metavar="DIR")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    enough = threading.Event()
    with running_site() as site, tempfile.TemporaryDirectory() as scratch:
        django_of(site)
        throughput(site.port, 2, 8)

        def press() -> None:
            while not enough.is_set():
                throughput(site.port, CLIENTS, 80)

        clients = threading.Thread(target=press)
        clients.start()
        try:
            for name, pid in (("web", serving_process(site)), ("worker", site.parts()["worker"])):
                raw = Path(scratch) / name
                record(pid, given.seconds, "raw", raw)
                record(pid, given.seconds, "flamegraph", given.out / f"{name}.svg")
                print(f"\n{name}\n\n| share | in |\n|---:|---|")
                for what, share in shares(raw.read_text(encoding="utf-8"))[:12]:
                    print(f"| {100 * share:.1f} % | `{what}` |")
        finally:
            enough.set()
            clients.join()


if __name__ == "__main__":
    main()
