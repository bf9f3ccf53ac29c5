"""Learning curves as one small SVG, drawn by hand: no plotting library is needed for two lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_PANELS = (("loss", ("loss", "val_loss")), ("AUC", ("val_auc", "val_auc_plain")), ("learning rate", ("learning_rate",)))
_COLOURS = ("#1b6ca8", "#c8553d")
_WIDTH, _HEIGHT, _LEFT, _TOP = 300, 180, 56, 30


def _panel(title: str, names: Sequence[str], history: Sequence[Mapping[str, float]], x: int) -> list[str]:
    series = {name: [float(epoch[name]) for epoch in history if name in epoch] for name in names}
    values = [value for line in series.values() for value in line] or [0.0]
    low, high = min(values), max(values)
    high = high if high > low else low + 1e-6
    parts = [
        f'<text x="{x}" y="{_TOP - 10}" class="title">{title}</text>',
        f'<rect x="{x}" y="{_TOP}" width="{_WIDTH}" height="{_HEIGHT}" fill="none" stroke="#999"/>',
        f'<text x="{x - 6}" y="{_TOP + 10}" text-anchor="end">{high:.3g}</text>',
        f'<text x="{x - 6}" y="{_TOP + _HEIGHT}" text-anchor="end">{low:.3g}</text>',
        f'<text x="{x + _WIDTH}" y="{_TOP + _HEIGHT + 16}" text-anchor="end">epoch {len(history)}</text>',
    ]
    for number, (name, line) in enumerate(series.items()):
        if not line:
            continue
        across = _WIDTH / max(len(line) - 1, 1)
        points = " ".join(
            f"{x + i * across:.1f},{_TOP + _HEIGHT * (high - value) / (high - low):.1f}" for i, value in enumerate(line)
        )
        colour = _COLOURS[number]
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        parts.append(f'<text x="{x + 8}" y="{_TOP + 16 + 14 * number}" fill="{colour}">{name}</text>')
    return parts


def learning_curves(history: Sequence[Mapping[str, float]]) -> str:
    """SVG text with loss, AUC and learning rate over the epochs.

    Args:
        history: One mapping an epoch, as in history.json.
    """
    step = _WIDTH + _LEFT + 24
    width, height = _LEFT + step * len(_PANELS), _TOP + _HEIGHT + 28
    body = [
        line for i, (title, names) in enumerate(_PANELS) for line in _panel(title, names, history, _LEFT + i * step)
    ]
    style = "text{font:11px sans-serif;fill:#333}.title{font-weight:bold}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">'
        f"<title>Learning curves</title><style>{style}</style>\n" + "\n".join(body) + "\n</svg>\n"
    )
