"""Draw the sample films that the pages show, and the picture that links to the site carry (Open Graph).

All of them are phantoms of ml.phantom: no patient is behind them, and the word SYNTHETIC is in each. The results are
committed under static/img. After a change of the phantom: ``python docs/draw_pictures.py`` from the checkout.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from ml.phantom import film  # noqa: E402  # needs the path above

IMAGES = ROOT / "static" / "img"
SEED = 3
WIDTH, HEIGHT = 960, 800
CARD = (1200, 630)  # the size that Open Graph readers expect
PETROL = (11, 92, 104)


def main() -> None:
    """Write two films and the Open Graph picture."""
    for name, opacity in {"clear": False, "opacity": True}.items():
        picture = Image.fromarray(film(SEED, opacity=opacity, width=WIDTH, height=HEIGHT))
        picture.save(IMAGES / "samples" / f"{name}.webp", quality=72, method=6)
    card().quantize(48, dither=Image.Dither.NONE).save(IMAGES / "og.png", optimize=True)


def card() -> Image.Image:
    """The name of the product beside a drawn film, 1200 × 630."""
    drawn = Image.new("RGB", CARD, PETROL)
    height = CARD[1] - 96
    picture = Image.fromarray(film(SEED, width=round(height * WIDTH / HEIGHT), height=height))
    drawn.paste(picture.convert("RGB"), (CARD[0] - picture.width - 48, 48))
    pen = ImageDraw.Draw(drawn)
    pen.text((48, 220), "PneumoWeb", fill="white", font=ImageFont.load_default(84))
    pen.text((48, 340), "A second look at", fill="white", font=ImageFont.load_default(38))
    pen.text((48, 390), "children's chest films", fill="white", font=ImageFont.load_default(38))
    return drawn


if __name__ == "__main__":
    main()
