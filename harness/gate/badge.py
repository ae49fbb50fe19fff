"""The gate as a badge: a label, what is claimed, and a colour that says nothing the words do not. Flat, no script."""

from xml.sax.saxutils import escape

from harness.core.gate import Finding, Gate
from harness.gate.words import held_against, plain

_GREEN, _RED, _AMBER, _GREY = "#1a7f37", "#b42318", "#8a5a00", "#57606a"
_WIDTH, _PAD = 6.6, 8  # of a character at 11 px, about; textLength makes the text fit in whatever font


def badge(gate: Gate) -> str:
    """An SVG of 20 px height; text on its colours has a contrast of 4.5 or more."""
    label, message, colour = _words(gate)
    title = escape(f"{label}: {message}", {'"': "&quot;"})
    widths = [round(len(text) * _WIDTH) for text in (label, message)]
    left, right = (width + 2 * _PAD for width in widths)
    text = "".join(
        f'<text x="{at}" y="14" textLength="{width}">{escape(said)}</text>'
        for at, width, said in ((_PAD, widths[0], label), (left + _PAD, widths[1], message))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" aria-label="{title}">'
        f'<title>{title}</title><clipPath id="r"><rect width="{left + right}" height="20" rx="3"/></clipPath>'
        f'<g clip-path="url(#r)"><rect width="{left}" height="20" fill="#3d444d"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{colour}"/></g>'
        f'<g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11">{text}</g></svg>\n'
    )


def _words(gate: Gate) -> tuple[str, str, str]:
    findings = [one for night in gate.nights for one in night.findings if one.gated]
    answers = [one for one in findings if one.kind == "quality"]
    night = held_against(gate.nights[0]) if len(gate.nights) == 1 else "the last reference"
    lost = [one for one in answers if one.status == "worse"]
    if gate.outcome == "broken":
        return "gate", f"broken, not judged against {night}", _GREY
    if lost:
        return "quality", f"worse than {night} on {len(lost)} of {len(answers)}", _RED
    if gate.outcome == "worse":
        names = sorted({plain(one.name) for one in findings if one.status == "worse"})
        return "speed", f"worse than {night} in {', '.join(names)}", _RED
    if gate.outcome == "undecided":
        return "quality" if answers else "speed", f"undecided against {night}", _AMBER
    if not answers:
        return _speed(findings, night)
    if any(one.status == "better" for one in answers):
        return "quality", f"no worse than {night}", _GREEN
    margin = max(one.margin or 0.0 for one in answers)
    return "quality", f"within {100 * margin:.2g} point{'s' * (margin != 0.01)} of {night}", _GREEN


def _speed(findings: list[Finding], night: str) -> tuple[str, str, str]:
    if all(one.status in ("learning", "not compared") for one in findings):
        return "speed", "learning the box's noise", _GREY
    return "speed", f"not shown to be worse than {night}", _GREEN
