"""What the benchmarks work out of their measurements; the measuring itself is no test."""

from __future__ import annotations

import pytest

from benchmarks.profile import shares


def test_a_profile_counts_the_innermost_python_function_whatever_line_it_was_in() -> None:
    folded = """\
main (serve.py:1);decode (pil.py:10) 5
main (serve.py:1);decode (pil.py:12);jpeg_read_scanlines (libjpeg.so) 3
main (serve.py:2);judge (engine.py:7) 1
start_thread (libc.so.6) 1
"""
    assert shares(folded) == [
        ("decode (pil.py)", pytest.approx(0.8)),
        ("judge (engine.py)", pytest.approx(0.1)),
        ("outside Python", pytest.approx(0.1)),
    ]
