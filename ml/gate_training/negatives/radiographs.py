"""Drawn radiographs of everything but the frontal chest: limbs, skulls, hips, abdomens, spines, teeth, laterals.

They are caricatures: thickness of soft tissue and bone added up, as X-rays add it. Their use is to give the gate's
network the general look of *other* radiographs, in more variety than the few real ones, which are kept for testing.
Every painter takes (rng, size) and returns a canvas (see ml/gate_training/negatives/shapes.py).
"""

from __future__ import annotations

import math

import numpy as np

from ml.gate_training.negatives.anatomy import Painter, collimated, polar, tissue, vertebrae
from ml.gate_training.negatives.shapes import (
    Canvas,
    Rng,
    axes,
    bone,
    capsule,
    ellipse,
    fractal,
    pair,
    step,
    wander,
    warp,
    write,
)


def limb(rng: Rng, size: int) -> Canvas:
    """Arm, leg, knee, elbow, ankle: one or two bones each side of a joint, in a sleeve of flesh."""
    tilt = rng.uniform(0, math.pi) if rng.random() < 0.5 else math.pi / 2 + rng.normal(0, 0.15)
    joint = (rng.uniform(-0.3, 0.3), rng.uniform(-0.4, 0.4))
    width = rng.uniform(0.15, 0.5)
    flesh = np.zeros((size, size), np.float32)
    hard = np.zeros_like(flesh)
    for turn in (0.0, math.pi + rng.choice((0.0, rng.normal(0, 0.7)))):
        far = polar(2.2, tilt + turn, joint)
        flesh = np.maximum(flesh, capsule(size, joint, far, width, width * rng.uniform(0.7, 1.5), 0.05))
        pair = rng.integers(1, 3)
        for k in range(pair):
            offset = (k - (pair - 1) / 2) * width * 0.9
            a = polar(offset, tilt + math.pi / 2, polar(width * 0.35, tilt + turn, joint))
            b = polar(offset * rng.uniform(0.6, 1.1), tilt + math.pi / 2, far)
            hard += bone(size, a, b, width * rng.uniform(0.25, 0.45) / (1 + 0.4 * (pair - 1)), rng.uniform(0.5, 0.9))
    if rng.random() < 0.35:
        hard += 0.8 * ellipse(size, *polar(width * 0.4, rng.uniform(0, 6), joint), width * 0.3, width * 0.25)
    return collimated(rng, write(rng, warp(rng, tissue(rng, flesh, 0.5) + hard * rng.uniform(0.3, 0.7), 0.04), 1))


def pair_of_legs(rng: Rng, size: int) -> Canvas:
    """Both knees or both feet side by side: two bright columns with a dark gap between."""
    picture = np.zeros((size, size), np.float32)
    for sign in (-1, 1):
        cx = sign * rng.uniform(0.35, 0.5)
        top, bottom = (cx * rng.uniform(0.8, 1.2), -1.3), (cx * rng.uniform(0.8, 1.2), 1.3)
        knee = rng.uniform(-0.3, 0.3)
        picture += tissue(rng, capsule(size, top, bottom, rng.uniform(0.25, 0.42), rng.uniform(0.2, 0.35), 0.06), 0.5)
        picture += 0.5 * bone(size, top, (cx, knee - 0.08), rng.uniform(0.12, 0.2))
        picture += 0.5 * bone(size, (cx, knee + 0.08), bottom, rng.uniform(0.12, 0.2))
        picture += 0.25 * bone(size, (cx + sign * 0.17, knee + 0.2), (cx + sign * 0.12, 1.3), 0.05)
    return collimated(rng, write(rng, warp(rng, picture, 0.03), 1))


def hand(rng: Rng, size: int) -> Canvas:
    """A hand or a foot: a palm of small bones and five rays of phalanges."""
    tilt, spread = rng.normal(-math.pi / 2, 0.25), rng.uniform(0.12, 0.28)
    wrist = (rng.normal(0, 0.1), rng.uniform(0.3, 0.8))
    flesh = capsule(size, wrist, polar(1.5, tilt + math.pi, wrist), 0.3, 0.33, 0.04)
    hard = bone(size, polar(0.1, tilt + math.pi / 2, wrist), (wrist[0] + 0.1, 1.6), 0.12)
    hard += bone(size, polar(-0.12, tilt + math.pi / 2, wrist), (wrist[0] - 0.14, 1.6), 0.09)
    for _ in range(7):
        hard += 0.8 * ellipse(size, wrist[0] + rng.normal(0, 0.13), wrist[1] - rng.uniform(0.0, 0.2), 0.08, 0.07)
    for finger in range(5):
        angle = tilt + (finger - 2) * spread + rng.normal(0, 0.04) + (0.5 if finger == 4 and rng.random() < 0.8 else 0)
        start = polar(0.2, angle, wrist)
        for length in np.array((0.5, 0.3, 0.19, 0.14)) * rng.uniform(0.8, 1.1) * (1 - 0.07 * abs(finger - 2)):
            end = polar(float(length), angle, start)
            flesh = np.maximum(flesh, capsule(size, start, end, 0.12, 0.1, 0.03))
            hard += bone(size, polar(0.025, angle, start), polar(-0.025, angle, end), 0.05, 0.65)
            start = end
    return collimated(rng, write(rng, tissue(rng, flesh, 0.45) + hard * rng.uniform(0.3, 0.6), 1))


def skull(rng: Rng, size: int) -> Canvas:
    """A skull from the front or the side, on a neck."""
    lateral = rng.random() < 0.5
    cx, cy, rx, ry = rng.normal(0, 0.08), -0.2, rng.uniform(0.55, 0.8), rng.uniform(0.55, 0.75)
    vault = ellipse(size, cx, cy, rx, ry, rng.normal(0, 0.2), 0.03)
    inner = ellipse(size, cx, cy, rx * 0.93, ry * 0.93, 0, 0.03)
    picture = (
        tissue(rng, vault, 0.5) + 0.5 * (vault - inner) + 0.3 * capsule(size, (cx, 0.3), (cx, 1.5), 0.3, 0.35, 0.08)
    )
    if lateral:
        face = polar(0.55, rng.choice((0.5, math.pi - 0.5)), (cx, cy))
        picture += 0.35 * ellipse(size, *face, 0.3, 0.4, 0, 0.1) - 0.3 * ellipse(size, *face, 0.1, 0.12, 0, 0.05)
        picture += 0.4 * capsule(size, (cx, 0.45), polar(0.5, 0.2, face), 0.08, 0.07)
    else:
        for sign in (-1, 1):
            picture -= 0.3 * ellipse(size, cx + sign * 0.25, cy + 0.2, 0.16, 0.13, 0, 0.05)
            picture += 0.3 * capsule(size, (cx + sign * 0.45, 0.25), (cx + sign * 0.12, 0.65), 0.09, 0.09)
        picture -= 0.25 * ellipse(size, cx, cy + 0.45, 0.08, 0.14, 0, 0.05)
    for k in range(6):
        picture += 0.25 * ellipse(size, cx + rng.normal(0, 0.02), 0.45 + 0.13 * k, 0.13, 0.05, 0, 0.02)
    return collimated(rng, write(rng, picture, 1))


def spine(rng: Rng, size: int) -> Canvas:
    """Cervical, thoracic or lumbar spine, from the front or the side."""
    flesh = 0.5 * step(np.abs(axes(size)[0] + wander(rng, size, 0.1)[:, None]) - rng.uniform(0.4, 1.2), 0.1)
    width = rng.uniform(0.12, 0.3)
    column = vertebrae(rng, size, rng.normal(0, 0.15), width, int(rng.integers(5, 12)), bow=rng.uniform(0.03, 0.2))
    return collimated(rng, write(rng, tissue(rng, flesh, 1.0) + column * rng.uniform(0.2, 0.5), 1))


def pelvis(rng: Rng, size: int) -> Canvas:
    """A pelvis or one hip, with femora, sacrum and bowel gas."""
    one_hip = rng.random() < 0.4
    zoom, shift = (
        (rng.uniform(1.4, 2.0), rng.choice((-0.9, 0.9))) if one_hip else (rng.uniform(0.8, 1.15), rng.normal(0, 0.08))
    )
    cy = rng.normal(0, 0.15)
    picture = tissue(rng, ellipse(size, shift, cy - 0.3, 1.1 * zoom, 1.3 * zoom, 0, 0.1, 3), 0.55)
    picture += 0.3 * vertebrae(rng, size, shift, 0.16 * zoom, 8, -1.9 + cy, 0.01) * (axes(size)[1] < cy + 0.1)
    for s in (-1, 1):

        def at(x: float, y: float, s: int = s) -> tuple[float, float]:
            return shift + s * x * zoom, cy + y * zoom

        wing = ellipse(size, *at(0.5, -0.3), 0.33 * zoom, 0.42 * zoom, s * 0.5, 0.02, 2.5)
        picture += 0.3 * wing - 0.1 * ellipse(size, *at(0.5, -0.3), 0.28 * zoom, 0.36 * zoom, s * 0.5, 0.05, 2.5)
        ring = ellipse(size, *at(0.25, 0.32), 0.22 * zoom, 0.16 * zoom, s * 0.6, 0.02)
        picture += 0.3 * (ring - ellipse(size, *at(0.25, 0.32), 0.12 * zoom, 0.09 * zoom, s * 0.6, 0.02))
        swing = rng.uniform(0.0, 0.7)
        picture += 0.35 * ellipse(size, *at(0.62, 0.12), 0.14 * zoom, 0.14 * zoom)
        picture += 0.35 * capsule(size, at(0.62, 0.12), at(0.82, 0.32), 0.09 * zoom, 0.11 * zoom)
        picture += 0.35 * bone(size, at(0.82, 0.32), at(0.75 + swing, 1.6), 0.13 * zoom, 0.8)
        if rng.random() < 0.6:
            picture += tissue(
                rng, capsule(size, at(0.7, 0.4), at(0.75 + swing, 1.8), 0.38 * zoom, 0.3 * zoom, 0.08), 0.3
            )
    for _ in range(int(rng.integers(0, 8))):
        gas = ellipse(
            size,
            rng.normal(0, 0.4),
            cy - rng.uniform(0.1, 1.0),
            rng.uniform(0.05, 0.2),
            rng.uniform(0.05, 0.15),
            0,
            0.1,
        )
        picture -= 0.15 * gas
    return collimated(rng, write(rng, picture, 1))


def abdomen(rng: Rng, size: int) -> Canvas:
    """An abdominal film: trunk, lumbar spine, gas, iliac wings, at most the lung bases at the top edge."""
    x, y = axes(size)
    trunk = step(np.abs(x) - (rng.uniform(0.65, 1.1) + 0.12 * np.cos(3 * y + rng.uniform(0, 6))), 0.08)
    picture = tissue(rng, trunk.astype(np.float32), 0.7) + 0.25 * vertebrae(
        rng, size, rng.normal(0, 0.05), 0.15, 9, bow=0.02
    )
    for _ in range(int(rng.integers(2, 16))):
        a = (rng.normal(0, 0.45), rng.uniform(-0.7, 0.9))
        gas = capsule(size, a, polar(rng.uniform(0.05, 0.4), rng.uniform(0, 6), a), *pair(rng, 0.04, 0.16), 0.06)
        picture -= rng.uniform(0.08, 0.25) * gas
    for s in (-1, 1):
        wing = ellipse(size, s * 0.6, rng.uniform(0.8, 1.1), 0.35, 0.45, s * 0.5, 0.02)
        picture += 0.2 * wing
        if rng.random() < 0.5:
            picture -= 0.4 * ellipse(size, s * 0.45, -1.05, rng.uniform(0.25, 0.4), rng.uniform(0.1, 0.4), 0, 0.05)
        for k in range(int(rng.integers(0, 4))):
            picture += 0.08 * capsule(size, (s * 0.15, -1 + 0.15 * k), (s * 0.85, -0.7 + 0.15 * k), 0.03, 0.03)
    return collimated(rng, write(rng, picture, 1))


def teeth(rng: Rng, size: int) -> Canvas:
    """A panoramic, or a few teeth up close."""
    y = axes(size)[1]
    close, bend = rng.random() < 0.4, rng.uniform(0.0, 0.35)
    picture = 0.35 * fractal(rng, size, 2.5) + (0.0 if close else 0.4) * step(np.abs(y) - rng.uniform(0.4, 0.9), 0.2)
    count = int(rng.integers(3, 7)) if close else int(rng.integers(10, 16))
    scale = 1.6 / count
    for row in (-1, 1):
        for k in range(count):
            x = (k - (count - 1) / 2) * scale * 1.1
            cy = bend * (x * x * -1.2 + 0.3) + row * scale * (1.1 if close else 1.6)
            root = (x + rng.normal(0, 0.02), cy + row * scale * (2.2 if close else 3.0))
            picture += 0.4 * capsule(size, (x, cy), root, scale * 0.45, scale * 0.16, 0.02)
            picture += 0.35 * ellipse(size, x, cy, scale * 0.46, scale * 0.6, 0, 0.02, 3)
    if not close:
        for s in (-1, 1):
            picture += 0.25 * capsule(size, (s * 0.9, -0.6), (s * 0.7, 0.7), 0.14, 0.12) + 0.15 * capsule(
                size, (s * 0.75, 0.7), (0, 0.9), 0.15, 0.18, 0.05
            )
        height = rng.uniform(0.45, 1.0)
        if height < 0.8:  # shown as the wide strip it is, on a black page
            picture = np.where(np.abs(y) < height, picture, np.float32(0))
    return write(rng, picture, 1)


def breast(rng: Rng, size: int) -> Canvas:
    """A mammogram: half an ellipse from one edge, fibrous inside, labels on black."""
    s = rng.choice((-1, 1))
    mask = ellipse(
        size, s * 1.0, rng.normal(0, 0.15), rng.uniform(0.7, 1.5), rng.uniform(0.6, 1.0), rng.normal(0, 0.15), 0.08
    )
    core = ellipse(size, s * 0.7, rng.normal(0, 0.1), 0.6, 0.5, 0, 0.3)
    picture = mask * (0.3 + 0.6 * core * warp(rng, fractal(rng, size, rng.uniform(1.2, 2.4)), 0.1))
    if rng.random() < 0.6:
        picture += 0.5 * mask * capsule(size, (s * 1.0, -1.2), (s * 1.0, 0.0), 0.6, 0.02, 0.1)
    return write(rng, picture, int(rng.integers(0, 4)), 1.0)


def lateral(rng: Rng, size: int) -> Canvas:
    """A lateral chest: spine behind, breastbone in front, both lungs as one, a heart in front below, domes beneath."""
    x, y = axes(size)
    s = rng.choice((-1, 1))  # which way the patient looks
    x = x * s
    lean = rng.normal(0, 0.05)
    front, back = 0.62 + rng.normal(0, 0.06), -0.72 + rng.normal(0, 0.05)
    sway = 0.15 * np.sin(1.7 * y + rng.uniform(-0.5, 0.5))
    body = step(np.maximum(x - front - 0.12 * y - lean, back + sway * 0.5 - x), 0.06).astype(np.float32)
    picture = tissue(rng, body, rng.uniform(0.7, 1.0))
    lung = ellipse(
        size, -0.02, -0.15, rng.uniform(0.42, 0.56), rng.uniform(0.65, 0.85), rng.normal(0.1, 0.08), 0.08, 2.5
    )
    base = step(y - (rng.uniform(0.35, 0.6) - 0.35 * (x + 0.3) * 0.8 + 0.25 * (x - 0.1) ** 2), 0.05)
    lung = (lung if s == 1 else lung[:, ::-1]) * base
    air = lung * (0.75 + 0.25 * fractal(rng, size, 2.2))
    picture = picture - np.float32(rng.uniform(0.35, 0.6)) * air[:, :: int(s)]
    extra = 0.35 * ellipse(size, 0.22, 0.15, 0.3, 0.34, -0.4, 0.12) * lung[:, :: int(s)]
    extra += rng.uniform(0.12, 0.3) * vertebrae(
        rng, size, -0.48, rng.uniform(0.09, 0.13), int(rng.integers(9, 14)), bow=0.05
    )
    extra += 0.2 * capsule(size, (0.5, -0.7), (0.62, 0.2), 0.03, 0.03)
    extra += 0.25 * capsule(size, (-0.1, -1.0), (0.25 + rng.normal(0, 0.2), -0.9), 0.2, 0.24, 0.1)
    for k in range(8):
        dip = -0.9 + 0.18 * k
        extra += 0.05 * capsule(size, (-0.55, dip), (0.5, dip + rng.uniform(0.15, 0.4)), 0.025, 0.025)
    picture = picture + extra[:, :: int(s)]
    return collimated(rng, write(rng, warp(rng, picture, 0.02), 1))


def things(rng: Rng, size: int) -> Canvas:
    """X-rays of no one in particular: translucent rods, plates and balls on top of one another."""
    picture = np.zeros((size, size), np.float32)
    for _ in range(int(rng.integers(3, 18))):
        a = (rng.uniform(-1, 1), rng.uniform(-1, 1))
        pick = rng.integers(0, 4)
        if pick == 0:
            shape = bone(
                size, a, polar(rng.uniform(0.3, 2), rng.uniform(0, 6), a), rng.uniform(0.04, 0.2), rng.uniform(0.4, 1)
            )
        elif pick == 1:
            shape = capsule(
                size,
                a,
                polar(rng.uniform(0.1, 2), rng.uniform(0, 6), a),
                *pair(rng, 0.03, 0.35),
                rng.uniform(0.02, 0.2),
            )
        else:
            shape = ellipse(
                size, *a, *pair(rng, 0.05, 0.7), rng.uniform(0, 3), rng.uniform(0.01, 0.2), rng.uniform(1.5, 6)
            )
        if rng.random() < 0.4:
            shape = tissue(rng, shape, 1.0)
        picture += shape * rng.uniform(-0.3, 0.8)
    return write(rng, np.maximum(picture, 0) ** np.float32(rng.uniform(0.5, 1)), int(rng.integers(0, 3)))


BONES: dict[str, Painter] = {
    "limb": limb,
    "legs": pair_of_legs,
    "hand": hand,
    "skull": skull,
    "spine": spine,
    "pelvis": pelvis,
    "abdomen": abdomen,
    "teeth": teeth,
    "breast": breast,
    "things": things,
}
LATERALS: dict[str, Painter] = {"lateral": lateral}
