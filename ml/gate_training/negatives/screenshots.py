"""Negatives that hold a film but are none: viewers' and phones' screenshots, desktops, slides, report pages.

The layouts are drawn by chance (see ml/gate_training/negatives/layout.py); the films in them live in memory while the
gate is trained.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from ml.gate_training.negatives.altered import Film, Maker
from ml.gate_training.negatives.layout import Box, Pencil, apart, buttons, corners, hang, sheet, squeezed, writing
from ml.gate_training.negatives.shapes import Rng, fractal, words


def _panel(rng: Rng, image: Image.Image, pencil: Pencil, films: list[Film], box: Box, shade: int) -> None:
    """Draw one bar or side panel: buttons, writing, a list, or thumbnails."""
    left, top, right, bottom = box
    ink = apart(rng, shade, 70)
    pencil.rectangle(box, fill=shade, outline=ink if rng.random() < 0.2 else None)
    thick = min(right - left, bottom - top)
    pick = rng.random()
    if thick < 45 or pick < 0.25:
        buttons(rng, pencil, box, ink)
        return
    if pick < 0.65:  # thumbnails along the panel
        across = right - left >= bottom - top
        at, step = (left if across else top) + thick * 0.1, thick * rng.uniform(0.7, 1.1)
        for _ in range(int(rng.integers(1, 9))):
            if at + thick * 0.6 > (right if across else bottom):
                break
            corner = (int(at), int(top + thick * 0.12)) if across else (int(left + thick * 0.12), int(at))
            film = Image.fromarray(films[int(rng.integers(0, len(films)))])
            image.paste(film.resize((int(thick * 0.75), int(step * 0.8))), corner)
            at += step
        return
    size = float(np.clip(thick * rng.uniform(0.06, 0.16), 7, 22))
    start = top + (bottom - top) * rng.uniform(0, 0.3)
    if rng.random() < 0.5:
        buttons(rng, pencil, (left, top, right, top + thick * 0.3), ink)
        start = top + thick * 0.35
    writing(rng, pencil, (left + thick * 0.05, start, right - thick * 0.05, bottom * rng.uniform(0.6, 1.0)), size, ink)


def _inside(rng: Rng, image: Image.Image, pencil: Pencil, films: list[Film], shade: int) -> Box:
    """Draw bars and panels round the edges, two at least; return what they leave free."""
    w, h = image.size
    chances = {"top": 0.85, "left": 0.6, "right": 0.4, "bottom": 0.35}
    sides = [name for name, chance in chances.items() if rng.random() < chance]
    if len(sides) < 2:
        sides = ["top", str(rng.choice(("left", "right", "bottom")))]
    left, top, right, bottom = 0.0, 0.0, float(w), float(h)
    tone = apart(rng, shade, 18)
    for name in sides:
        mine = int(np.clip(tone + rng.integers(-12, 13), 0, 255))
        if name == "top":
            rows = int(rng.choice((1, 1, 2)))
            for _ in range(rows):
                deep = h * rng.uniform(0.03, 0.085)
                _panel(rng, image, pencil, films, (left, top, right, top + deep), mine)
                top += deep
        elif name == "bottom":
            deep = h * rng.uniform(0.03, 0.2)
            _panel(rng, image, pencil, films, (left, bottom - deep, right, bottom), mine)
            bottom -= deep
        elif name == "left":
            wide = w * rng.uniform(0.04, 0.24)
            _panel(rng, image, pencil, films, (left, top, left + wide, bottom), mine)
            left += wide
        else:
            wide = w * rng.uniform(0.04, 0.24)
            _panel(rng, image, pencil, films, (right - wide, top, right, bottom), mine)
            right -= wide
    return left, top, right, bottom


def viewer(rng: Rng, films: list[Film]) -> Film:
    """A screenshot of a viewer: bars, panels, thumbnails, writing, and the film in what they leave free."""
    shade = int(rng.choice((0, 0, int(rng.integers(0, 45)), int(rng.integers(0, 256)))))
    image, pencil = sheet(rng, shade, (16 / 9, 16 / 9, 1.6, 4 / 3, 2.2, 0.8))
    left, top, right, bottom = _inside(rng, image, pencil, films, shade)
    columns, rows = ((1, 1), (1, 1), (1, 1), (1, 1), (2, 1), (2, 2))[int(rng.integers(0, 6))]
    for k in range(columns * rows):
        c, r = k % columns, k // columns
        wide, high = (right - left) / columns, (bottom - top) / rows
        port = (left + c * wide + 3, top + r * high + 3, left + (c + 1) * wide - 3, top + (r + 1) * high - 3)
        place = hang(rng, image, films[k % len(films)], port, fill=0.7)
        if rng.random() < 0.6:
            corners(rng, pencil, port if rng.random() < 0.6 else place, apart(rng, shade, 100))
        if columns > 1:
            pencil.rectangle(port, outline=apart(rng, shade, 40), width=2)
    return squeezed(image, films[0].shape[0])


def small(rng: Rng, films: list[Film]) -> Film:
    """A film small on a plain dark or light screen: less than a third of it."""
    shade = int(rng.choice((0, 0, int(rng.integers(0, 40)), 255, int(rng.integers(0, 256)))))
    size = films[0].shape[0]
    picture = Image.new("L", (size, size), shade)
    width = rng.uniform(0.3, 0.62)
    w, h = int(size * width), int(size * min(rng.uniform(0.3, 0.62), 0.31 / width))
    x, y = ((n - m) / 2 if rng.random() < 0.5 else (n - m) * rng.random() for n, m in ((size, w), (size, h)))
    picture.paste(Image.fromarray(films[0]).resize((w, h), Image.Resampling.BILINEAR), (int(x), int(y)))
    if rng.random() < 0.3:
        ink = apart(rng, shade, 100)
        writing(rng, ImageDraw.Draw(picture), (size * 0.05, 2, size * 0.5, size * rng.uniform(0.05, 0.2)), 6.0, ink)
    return np.asarray(picture)


def report(rng: Rng, films: list[Film]) -> Film:
    """A page of a report, a letter or a paper: heading, writing, at times a table, and a film."""
    shade = int(rng.integers(215, 256))
    image, pencil = sheet(rng, shade, (0.71, 0.71, 1.41, 1.6, 1.0))
    w, h = image.size
    ink, size = int(rng.integers(0, 80)), h * rng.uniform(0.012, 0.03)
    margin, y = w * rng.uniform(0.03, 0.1), h * rng.uniform(0.02, 0.08)
    pencil.text((margin, y), words(rng, int(rng.integers(8, 30))), fill=ink, font_size=size * rng.uniform(1.2, 2.4))
    y += size * 4
    beside = rng.random() < 0.6
    if beside:
        split = rng.uniform(0.4, 0.66)
        edge = margin + (w - 2 * margin) * split
        boxes = [(margin, y, edge - size, h - margin), (edge + size, y, w - margin, h - margin)]
        if rng.random() < 0.4:
            boxes.reverse()
    else:
        split = y + (h - y - margin) * rng.uniform(0.45, 0.72)
        boxes = [(margin, y, w - margin, split - size), (margin, split + size, w - margin, h - margin)]
        if rng.random() < 0.4:
            boxes.reverse()
    place = hang(rng, image, films[0], boxes[0], fill=0.85)
    if rng.random() < 0.5:
        pencil.text((place[0], place[3] + 3), words(rng, int(rng.integers(8, 40))), fill=ink, font_size=size)
    writing(rng, pencil, boxes[1], size, ink)
    if beside and rng.random() < 0.5:  # writing under the film as well
        writing(rng, pencil, (boxes[0][0], place[3] + 3 * size, boxes[0][2], boxes[0][3]), size, ink)
    if rng.random() < 0.25:
        for k in range(int(rng.integers(3, 9))):
            pencil.line((boxes[1][0], boxes[1][1] + k * 3 * size, boxes[1][2], boxes[1][1] + k * 3 * size), fill=ink)
    return squeezed(image, films[0].shape[0])


def chat(rng: Rng, films: list[Film]) -> Film:
    """A phone's screenshot: a film sent in a chat or opened in its gallery, bars above and below."""
    shade = int(rng.choice((0, 255, int(rng.integers(0, 256)))))
    image, pencil = sheet(rng, shade, (0.46, 0.5, 0.56, 0.75))
    w, h = image.size
    ink, tone = apart(rng, shade, 100), apart(rng, shade, 25)
    bar = h * rng.uniform(0.03, 0.1)
    buttons(rng, pencil, (0, 0, w, bar * 0.5), ink)
    _panel(rng, image, pencil, films, (0, bar * 0.5, w, bar * 1.5), tone)
    foot = h * rng.uniform(0.06, 0.35)
    _panel(rng, image, pencil, films, (0, h - foot, w, h), tone)
    y, end = bar * 1.7, h - foot - bar * 0.2
    gallery = rng.random() < 0.4
    if not gallery:
        for _ in range(int(rng.integers(0, 3))):
            deep, left = h * rng.uniform(0.03, 0.1), w * rng.choice((0.03, 0.3))
            bubble = (left, y, left + w * rng.uniform(0.3, 0.65), y + deep)
            pencil.rounded_rectangle(bubble, radius=deep / 4, fill=tone)
            writing(rng, pencil, (left + 6, y + 3, bubble[2] - 6, y + deep), deep * 0.3, ink)
            y += deep * 1.2
    if end - y > h * 0.15:
        box = (0.0, y, float(w), end) if gallery else (w * rng.uniform(0.02, 0.3), y, w * rng.uniform(0.75, 0.99), end)
        hang(rng, image, films[0], box)
    return squeezed(image, films[0].shape[0])


def desktop(rng: Rng, films: list[Film]) -> Film:
    """A computer's desktop or browser: wallpaper, windows one over another, one of which shows a film."""
    image, pencil = sheet(rng, int(rng.integers(0, 256)), (16 / 9, 1.6, 4 / 3))
    w, h = image.size
    if rng.random() < 0.5:
        cloudy = (fractal(rng, 96, rng.uniform(2, 3.5)) * rng.uniform(40, 220)).astype(np.uint8)
        image.paste(Image.fromarray(cloudy).resize((w, h)), (0, 0))
    for k in range(int(rng.integers(1, 4)), -1, -1):
        shade = int(rng.choice((255, 240, 30, int(rng.integers(0, 256)))))
        ink = apart(rng, shade, 100)
        wide, high = (w * rng.uniform(0.5, 0.98), h * rng.uniform(0.55, 0.95)) if k == 0 else (w * 0.4, h * 0.4)
        x, y = rng.uniform(0, w - wide), rng.uniform(0, h - high)
        bar = h * rng.uniform(0.03, 0.06)
        pencil.rectangle((x, y, x + wide, y + high), fill=shade, outline=ink)
        pencil.rectangle((x, y, x + wide, y + bar), fill=apart(rng, shade, 20))
        pencil.text((x + bar / 2, y + bar / 5), words(rng, 16), fill=ink, font_size=bar * 0.5)
        buttons(rng, pencil, (x + wide - 4 * bar, y, x + wide, y + bar), ink)
        inner = (x + bar / 2, y + bar * 1.4, x + wide - bar / 2, y + high - bar / 2)
        if k:
            writing(rng, pencil, inner, bar * 0.5, ink)
            continue
        if rng.random() < 0.6:  # an address or a menu
            buttons(rng, pencil, (x, y + bar, x + wide, y + bar * 1.8), ink)
            inner = (inner[0], y + bar * 2, inner[2], inner[3])
        hang(rng, image, films[0], inner, fill=0.8)
    if rng.random() < 0.8:
        deep, shade = h * rng.uniform(0.035, 0.07), int(rng.integers(0, 256))
        pencil.rectangle((0, h - deep, w, h), fill=shade)
        buttons(rng, pencil, (0, h - deep, w, h), apart(rng, shade, 70))
    return squeezed(image, films[0].shape[0])


def slide(rng: Rng, films: list[Film]) -> Film:
    """A slide of a talk or a poster: a title, a few points, a film or two with captions."""
    shade = int(rng.choice((255, 255, 0, int(rng.integers(0, 256)))))
    image, pencil = sheet(rng, shade, (16 / 9, 4 / 3, 4 / 3, 0.7))
    w, h = image.size
    ink = apart(rng, shade, 110)
    size = h * rng.uniform(0.05, 0.09)
    pencil.text((w * rng.uniform(0.03, 0.3), h * 0.03), words(rng, int(rng.integers(8, 26))), fill=ink, font_size=size)
    top, bottom = h * 0.05 + size * 1.5, h * rng.uniform(0.86, 0.97)
    edge = w * rng.uniform(0.4, 0.65)
    text, place = (edge, top, w * 0.97, bottom), (w * 0.03, top, edge - w * 0.02, bottom)
    if rng.random() < 0.5:
        text, place = (w * 0.03, top, w - edge, bottom), (w - edge + w * 0.02, top, w * 0.97, bottom)
    if rng.random() < 0.25:
        hang(rng, image, films[1 % len(films)], text)
    else:
        writing(rng, pencil, text, size * rng.uniform(0.4, 0.7), ink)
    found = hang(rng, image, films[0], place)
    pencil.text((found[0], found[3] + 2), words(rng, int(rng.integers(5, 25))), fill=ink, font_size=size * 0.4)
    return squeezed(image, films[0].shape[0])


VIEWERS: dict[str, Maker] = {"viewer": viewer}
SCREENS: dict[str, Maker] = {
    "small": small, "report": report, "chat": chat, "desktop": desktop, "slide": slide,
}  # fmt: skip
