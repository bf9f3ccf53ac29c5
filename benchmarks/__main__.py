"""``python -m benchmarks [--quick] [--json FILE]``: measure everything, print a table, write a JSON file."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.report import Row, machine, table, write

ROOT = Path(__file__).resolve().parent.parent


def run(module: str, *arguments: str) -> dict[str, Any]:
    """Run one measuring process and give back the JSON of its last line."""
    print(f"  measuring: {module} {' '.join(arguments)}", file=sys.stderr, flush=True)
    command = [sys.executable, "-m", f"benchmarks.{module}", *arguments]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.strip().splitlines()[-1])  # type: ignore[no-any-return]


def worker_start() -> dict[str, float]:
    """(b) seconds from launching a worker to its being ready with the model loaded, and its memory."""
    from benchmarks.site import running_site
    from benchmarks.timing import resident_mb

    with running_site() as site:
        environment = {**site.environment, "DJANGO_SETTINGS_MODULE": "pneumoweb.settings", "LOG_LEVEL": "INFO"}
        command = [
            sys.executable,
            "-m",
            "celery",
            "-A",
            "pneumoweb",
            "worker",
            "--loglevel",
            "INFO",
            "--pool",
            "threads",
            "-c",
            "1",
            "-n",
            "b@h",
        ]
        times, memory = [], 0.0
        for _ in range(3):
            begin = time.perf_counter()
            process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
            )
            assert process.stdout is not None
            said = []
            for line in process.stdout:
                said.append(line)
                if "ready." in line:
                    break
            else:
                raise RuntimeError(f"the worker never said that it was ready: {''.join(said)}")
            times.append(time.perf_counter() - begin)
            memory = resident_mb(process.pid)
            process.terminate()
            process.communicate()
    return {"start_s": sorted(times)[1], "resident_mb": memory}


def fsync_ms() -> float:
    """One fsync on the disk the repository is on, the least that a stored result can cost."""
    from benchmarks.timing import median_ms

    with tempfile.NamedTemporaryFile(dir=ROOT) as file:

        def once() -> None:
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())

        return median_ms(once, 30, 3)


def compare(common: dict[str, Any], ours: dict[str, Any], worker: dict[str, float], whole: dict[str, Any]) -> list[Row]:
    """The figures that have targets."""

    def faster(group: str, what: str, value: float, baseline: float, limit: float, of: str, least: float) -> Row:
        ratio = baseline / value
        return Row(group, what, value, "ms", baseline, ratio, limit, of, f"≥ {least:g}×", ratio >= least)

    def most(group: str, what: str, value: float, unit: str, bound: float) -> Row:
        return Row(group, what, value, unit, target=f"≤ {bound:g} {unit}", met=value <= bound)

    net = 1000 * ours["gmac"] / ours["gmac_per_s"]
    script = 1000 / common["large_film_ms"]
    rate = whole["films_per_s"]
    film, predict = common["film_ms"], common["predict_ms"]
    decode = ours["decode_scaled_ms"]
    return [
        faster("a", "bytes → prediction, one by one", ours["film_ms"], film, decode, "scaled decode", 6),
        faster("a", "bytes → prediction, batched", ours["film_batched_ms"], film, decode, "scaled decode", 6),
        faster("a", "the network alone, one film", ours["engine_ms"], predict, net, "multiply-adds", 25),
        faster("a", "the network alone, in eights", ours["engine_batched_ms"], predict, net, "multiply-adds", 25),
        most("b", "worker, from start to ready", worker["start_s"], "s", 2),
        most("b", "worker, resident", worker["resident_mb"], "MB", 250),
        Row("b", "common way, from start to first answer", common["start_s"], "s"),
        Row("b", "common way, resident", common["resident_mb"], "MB"),
        Row("c", "end to end over HTTP", rate, "films/s", script, rate / script,
            2000 / ours["large_decode_ms"], "two cores that only decode", "≥ 1.5×", rate >= 1.5 * script),
        Row("c", "p50 at 80 % of that rate", whole["p50_ms"], "ms", limit=fsync_ms(), limit_of="one fsync"),
        most("c", "p95 at 80 % of that rate", whole["p95_ms"], "ms", 1000),
        Row("c", "p99 at 80 % of that rate", whole["p99_ms"], "ms"),
        most("c", "idle system, one film", whole["idle_ms"], "ms", 250),
        Row("c", "web, resident after / before", whole["web_mb_after"], "MB", whole["web_mb_before"],
            whole["web_mb_before"] / whole["web_mb_after"]),
    ]  # fmt: skip


def pages(sizes: list[int]) -> list[Row]:
    """(d) and (f): pages at growing numbers of rows, against the smallest."""
    found = run("pages", *map(str, sizes))
    rows = []
    for name in ("history", "result"):
        base = found[f"{name} {sizes[0]}"]["ms"]
        for size in sizes:
            page = found[f"{name} {size}"]
            asked = name == "history" and size == 100_000
            met = page["ms"] <= 1.3 * base if asked else None
            what = f"{name} page, {size:,} studies, {page['queries']} queries"
            rows.append(
                Row("d", what, page["ms"], "ms", base, base / page["ms"], target="≥ 0.77×" if asked else "", met=met)
            )
    return rows


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="leave out growth (many clients, a million rows)")
    parser.add_argument("--json", type=Path, default=ROOT / "benchmarks" / "results.json", metavar="FILE")
    options = parser.parse_args()
    facts = machine()
    common, ours = run("common_way"), run("one_process")
    worker = worker_start()
    whole = run("end_to_end", *([] if options.quick else ["growth"]))
    rows = compare(common, ours, worker, whole)
    rows += pages([200, 100_000] if options.quick else [200, 1_000, 10_000, 100_000, 1_000_000])
    rows += [Row("e", f"intake, {what}", value, "ms") for what, value in ours["intake"].items()]
    rows += [Row("f", f"{n} clients at once", rate, "films/s") for n, rate in whole.get("clients", {}).items()]
    print(f"{ours['source']}; end to end: {whole['source']}; {facts}\n\n{table(rows)}")
    write(options.json, rows, {"machine": facts, "films": ours["source"], "large_films": whole["source"]})
    print(f"\nWritten to {options.json}", file=sys.stderr)


if __name__ == "__main__":
    main()
