"""TIFF of every depth, order and arrangement, with opacity, palettes and pages that are no films."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
from PIL import Image

from tests import phantoms
from tests.ml.intake.siblings import Case, Grey
from tests.ml.intake.siblings._tiff_writer import page, pages, tiff

_EIGHT = phantoms.film(5, width=300, height=250)
_DEEP = phantoms.film(5, width=300, height=250, bits=16)
_OF_DEEP = np.rint(_DEEP / 257.0).astype(np.uint8)
_TWELVE = (_DEEP >> 4).astype(np.uint16)
_OF_TWELVE = np.rint(_TWELVE * (255 / 4095)).astype(np.uint8)
_ARRANGEMENTS = {
    "strips": {"rows": 17}, "one strip": {}, "tiles": {"tile": 64}, "deflated strips": {"rows": 17, "deflate": True},
    "deflated tiles": {"tile": 64, "deflate": True},
    "deflated strips, predicted": {"rows": 17, "deflate": True, "predictor": True},
    "deflated tiles, predicted": {"tile": 64, "deflate": True, "predictor": True},
}  # fmt: skip


def _case(name: str, data: bytes, wanted: Grey | tuple[str, str], within: float = 0.6) -> Case:
    return Case("tiffs", name, data, wanted, within)


def cases() -> Iterator[Case]:
    """Arrangements of grey and colours, opacity, few bits, palettes, pages."""
    for order, big in (("<", False), (">", False), ("<", True), (">", True)):
        kind = f"{'Big' if big else ''}TIFF {'II' if order == '<' else 'MM'}"
        plain = order == "<" and not big
        for arrangement, how in _ARRANGEMENTS.items():
            if not plain and arrangement not in ("strips", "deflated tiles, predicted"):
                continue
            for depth, grey, wanted in ((8, _EIGHT, _EIGHT), (16, _DEEP, _OF_DEEP)):
                top = 2**depth - 1
                common = {"order": order, "big": big, **how}
                colours = np.stack([grey] * 3, axis=-1)
                turned = (top - grey).astype(grey.dtype)
                half = grey.copy()
                half[:] = top // 2 + 1
                for name, data in {
                    "grey": tiff(grey, 1, **common),
                    "WhiteIsZero": tiff(turned, 0, **common),
                    "RGB": tiff(colours, 2, **common),
                    "planar RGB": tiff(colours, 2, planar=True, **common),
                    "grey and opacity": tiff(np.dstack([grey, np.full_like(grey, top)]), 1, tags={338: (2,)}, **common),
                    "grey and premultiplied opacity": tiff(np.dstack([grey, half]), 1, tags={338: (1,)}, **common),
                    "grey and something": tiff(np.dstack([grey, turned]), 1, tags={338: (0,)}, **common),
                    "planar grey and opacity": tiff(
                        np.dstack([grey, np.full_like(grey, top)]), 1, planar=True, tags={338: (2,)}, **common
                    ),
                    "RGB and opacity": tiff(
                        np.dstack([colours, np.full_like(grey, top)]), 2, tags={338: (2,)}, **common
                    ),
                    "planar RGB and premultiplied opacity": tiff(
                        np.dstack([colours, half]), 2, planar=True, tags={338: (1,)}, **common
                    ),
                }.items():
                    yield _case(f"{kind}, {arrangement}, {name} of {depth} bits", data, wanted)
    for name, values, photometric, tags in (
        ("grey", _TWELVE, 1, {}),
        ("WhiteIsZero", 4095 - _TWELVE, 0, {}),
        ("RGB", np.stack([_TWELVE] * 3, axis=-1), 2, {}),
        ("grey and opacity", np.dstack([_TWELVE, np.full_like(_TWELVE, 65535)]), 1, {338: (2,)}),
    ):
        yield _case(f"12 bits in 16, {name}", tiff(values.astype(np.uint16), photometric, tags=tags), _OF_TWELVE)
    seen = (_OF_DEEP.astype(int) * 128 // 255).astype(np.uint8)
    half = np.dstack([_DEEP, np.full_like(_DEEP, 32896)])
    yield _case("half opaque over black", tiff(half, 1, tags={338: (2,)}), seen, 1)
    yield from _few_bits()
    yield from _palettes()
    yield from _pages()
    yield from _by_pillow()


def _few_bits() -> Iterator[Case]:
    for bits in (1, 2, 4, 6, 10, 12, 14):
        values = (_DEEP >> (16 - bits)).astype(np.uint16)
        wanted = np.rint(values * (255 / (2**bits - 1))).astype(np.uint8)
        for name, photometric, stored in (("grey", 1, values), ("WhiteIsZero", 0, 2**bits - 1 - values)):
            for order in "<>":
                yield _case(
                    f"{bits} bits, {name}, {order}", tiff(stored, photometric, order=order, packed=bits), wanted
                )
    unit = (_DEEP / 65535.0).astype(np.float32)
    for order in "<>":
        yield _case(f"floating point, {order}", tiff(unit, 1, order=order), _OF_DEEP, 1)
    yield _case("32 bits", tiff(_DEEP.astype(np.uint32), 1), _OF_DEEP)


def _palettes() -> Iterator[Case]:
    ramp = tuple(range(256)) * 3
    for order in "<>":
        for name, entries in (("8-bit", ramp), ("16-bit", tuple(257 * level for level in ramp))):
            data = tiff(_EIGHT, 3, order=order, tags={320: entries})
            yield _case(f"a palette of {name} entries, {order}", data, _EIGHT)
    turned = tuple(range(255, -1, -1)) * 3
    yield _case("a palette upside down", tiff(255 - _EIGHT, 3, tags={320: turned}), _EIGHT)


def _pages() -> Iterator[Case]:
    film, other = page(_EIGHT, 1), page(np.ascontiguousarray(_EIGHT[:, ::-1]), 1)
    small = np.asarray(Image.fromarray(_EIGHT).resize((60, 50)))
    half = np.asarray(Image.fromarray(_EIGHT).resize((150, 125)))
    for name, content, wanted in (
        ("a marked thumbnail behind", [film, page(small, 1, tags={254: (1,)})], _EIGHT),
        ("a marked thumbnail before", [page(small, 1, tags={254: (1,)}), film], _EIGHT),
        ("a thumbnail marked as of old", [film, page(small, 1, tags={255: (2,)})], _EIGHT),
        ("a thumbnail without a mark", [film, page(small, 1)], _EIGHT),
        ("a pyramid without marks", [film, page(half, 1), page(small, 1)], _EIGHT),
        ("a mask", [film, page(_EIGHT, 1, tags={254: (4,)})], _EIGHT),
        ("a page of one", [page(_EIGHT, 1, tags={254: (2,)})], _EIGHT),
        ("two films", [film, other], ("MULTIPLE_IMAGES", "pages")),
        ("two films marked as pages", [page(_EIGHT, 1, tags={254: (2,)}), page(_EIGHT, 1, tags={254: (2,)})],
         ("MULTIPLE_IMAGES", "pages")),
    ):  # fmt: skip
        yield _case(name, pages(content), wanted)
    turned = tiff(np.ascontiguousarray(np.rot90(_EIGHT)), 1, tags={274: (6,)})
    yield _case("orientation", turned, _EIGHT)
    yield _case("cut off", tiff(_EIGHT, 1)[:3000], ("DAMAGED", ""))
    yield _case("a camera's raw data", tiff(_EIGHT, 1, tags={50706: (1, 4, 0, 0)}), ("UNSUPPORTED_FORMAT", "DNG"))


def _by_pillow() -> Iterator[Case]:
    for name, mode, options, within in (
        ("LZW", "L", {"compression": "tiff_lzw"}, 0.6), ("PackBits", "L", {"compression": "packbits"}, 0.6),
        ("JPEG", "L", {"compression": "jpeg", "quality": 95}, 2),
        ("JPEG in colours", "RGB", {"compression": "jpeg"}, 4),
        ("CMYK", "CMYK", {}, 2), ("YCbCr", "YCbCr", {}, 2), ("LZMA", "L", {"compression": "lzma"}, 0.6),
        ("Zstandard", "L", {"compression": "zstd"}, 0.6),
    ):  # fmt: skip
        out = io.BytesIO()
        Image.fromarray(_EIGHT).convert("RGB" if mode != "L" else "L").convert(mode).save(out, "TIFF", **options)
        yield _case(f"{name}, written by Pillow", out.getvalue(), _EIGHT, within)
    out = io.BytesIO()
    bitonal = Image.fromarray(_EIGHT).convert("1")
    bitonal.save(out, "TIFF", compression="group4")
    yield _case("CCITT group 4", out.getvalue(), np.asarray(bitonal.convert("L")))
