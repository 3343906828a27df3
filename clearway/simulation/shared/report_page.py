"""What pages of comparisons share: they open offline, ask nobody, and every plot says its figures."""

from collections.abc import Sequence
from html import escape
from math import ceil, floor, isnan, log10

from .estimating import Estimate

STYLE = """
:root { color-scheme: light; --text: #212b32; --second: #4c6272; --rule: #d8dde0; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem 1.25rem 4rem; max-width: 62rem; color: var(--text); background: #fff;
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Arial, sans-serif; }
h1 { margin: .5rem 0; font-size: 1.75rem; line-height: 1.2; }
h2 { margin: 2.25rem 0 .5rem; font-size: 1.25rem; }
p, ul { max-width: 44rem; margin: .5rem 0; }
.lead { font-size: 1.125rem; }
.scroll { overflow-x: auto; }
.scroll:focus-visible { outline: 3px solid #ffb81c; }
table { border-collapse: collapse; font-size: .9375rem; }
caption { padding: .25rem 0; text-align: left; color: var(--second); }
th, td { padding: .3rem .75rem .3rem 0; text-align: left; vertical-align: top; font-weight: 400;
  border-bottom: 1px solid var(--rule); }
thead th.n { white-space: normal; min-width: 5.5rem; }
thead th { vertical-align: bottom; color: var(--second); border-bottom: 2px solid var(--text); }
td.n, th.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
tbody th { font-weight: 600; white-space: nowrap; }
small { display: block; color: var(--second); font-size: .8125rem; }
svg { display: block; max-width: 100%; height: auto; margin: .75rem 0; }
svg text { font: 14px system-ui, -apple-system, "Segoe UI", Arial, sans-serif; fill: var(--text); }
svg .small { font-size: 12.5px; fill: var(--second); }
"""
WIDTH, LEFT, RIGHT, ROW = 860, 210, 210, 34


def document(title: str, parts: Sequence[str]) -> str:
    """The whole page."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}</style></head><body><main>{''.join(parts)}</main></body></html>\n"
    )


def plot(title: str, note: str, rows: Sequence[tuple[str, Estimate]], unit: str, *, better: int = -1) -> str:
    """Dots with whiskers about zero, with their figures. better: -1 where less is, 1 where more is."""
    bounds = [bound for _, each in rows for bound in (each.low, each.high, each.mean) if not isnan(bound)]
    step = _step(max(0.0, *bounds) - min(0.0, *bounds))
    low = step * floor(min(0.0, *bounds) / step)
    high = step * ceil(max(0.0, *bounds) / step)
    high = high if high > low else low + step

    def x(value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (value - low) / (high - low)

    height = ROW * len(rows) + 40
    marks = []
    ticks = round((high - low) / step)
    for tick in range(ticks + 1):
        value = low + tick * step
        at, line = f"{x(value):.1f}", "#212b32" if abs(value) < step / 1000 else "#d8dde0"
        marks.append(f'<line x1="{at}" x2="{at}" y1="6" y2="{height - 28}" stroke="{line}"/>')
        label = f'class="small" x="{at}" y="{height - 10}" text-anchor="middle"'
        marks.append(f"<text {label}>{signed(value)}</text>")
    for place, (name, each) in enumerate(rows):
        y = 22 + ROW * place
        colour = "#005eb8" if each.mean * better >= 0 else "#b3261e"
        marks.append(f'<text x="0" y="{y + 5}">{escape(name)}</text>')
        if not isnan(each.low):
            marks.append(
                f'<line x1="{x(each.low):.1f}" x2="{x(each.high):.1f}" y1="{y}" y2="{y}" stroke="{colour}"'
                ' stroke-width="3"/>'
            )
        marks.append(f'<circle cx="{x(each.mean):.1f}" cy="{y}" r="5.5" fill="{colour}"/>')
        marks.append(f'<text x="{WIDTH - RIGHT + 16}" y="{y + 5}">{difference(each)} {escape(unit)}</text>')
    told = "; ".join(f"{name} {difference(each)} {unit}" for name, each in rows)
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}. {escape(told)}">'
        f"<title>{escape(title)}</title>{''.join(marks)}</svg><p><small>{escape(note)}</small></p>"
    )


def table(caption: str, head: str, rows: Sequence[str]) -> str:
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{escape(caption)}">'
        f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def difference(each: Estimate) -> str:
    if isnan(each.low):
        return signed(each.mean)
    return f"{signed(each.mean)} ({signed(each.low)} to {signed(each.high)})"


def signed(value: float, digits: int | None = None) -> str:
    text = number(abs(value)) if digits is None else f"{abs(value):.{digits}f}"
    if float(text) == 0:
        return "0"
    return ("−" if value < 0 else "+") + text


def number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}"


def _step(span: float) -> float:
    """A round distance between ticks, some four to seven over the span."""
    if span <= 0:
        return 1.0
    rough = span / 5
    power = 10.0 ** floor(log10(rough))
    return power * next(each for each in (1, 2, 5, 10) if each * power >= rough)
