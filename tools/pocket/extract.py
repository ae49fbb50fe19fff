"""Structured extraction: a short note to a JSON object with the fields that were asked for.

Levels: 1 two fields; 2 three fields; 3 four fields and one value that was corrected; 4 five fields and two
corrected values; 5 five fields, two corrections and a second record that must be left alone; 6 six fields, three
corrections and a second record; 7 seven fields, four corrections and a second record; 8 (never trained) the same with
six corrections; 9 (never trained) like 8 with two other records.
"""

import json

from tools.pocket.sample import Sample
from tools.pocket.split import Draw, frame_id

KEYS = ("name", "city", "item", "count", "day", "color", "code")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
COLORS = ("red", "blue", "green", "white", "black", "yellow", "brown", "grey")
PLAIN: dict[str, tuple[str, ...]] = {
    "name": ("The customer is {}.", "It was ordered by {}.", "Booked for {}."),
    "city": ("Send it to {}.", "The place is {}.", "It goes to {}."),
    "item": ("They want the {}.", "The product is {}.", "One model: {}."),
    "count": ("They need {} pieces.", "The amount is {}.", "Pack {} units."),
    "day": ("It is due on {}.", "Bring it on {}.", "The date is {}."),
    "color": ("Make it {}.", "The paint is {}.", "They like {}."),
    "code": ("The code is {}.", "Use code {}.", "It has code {}."),
}
FIXED: dict[str, tuple[str, ...]] = {
    "name": ("The customer is {1}, not {0}.", "It was {0}, but now {1} is the customer."),
    "city": ("Send it to {1}, not to {0}.", "It was going to {0}, now it goes to {1}."),
    "item": ("They want the {1}, not the {0}.", "First the {0}, changed to the {1}."),
    "count": ("They need {1} pieces, not {0}.", "It was {0} pieces, now it is {1}."),
    "day": ("It is due on {1}, not on {0}.", "It moved from {0} to {1}."),
    "color": ("Make it {1}, not {0}.", "It was {0}, now make it {1}."),
    "code": ("The code is {1}, not {0}.", "The old code {0} became {1}."),
}
OTHERS = ("Another note: {0} in {1} wants the {2}.", "Not this order: {0} from {1} with the {2}.",
          "Leave out {0} of {1} and the {2}.", "Yesterday {0} bought the {2} in {1}.")
ASKS = ("Write as JSON:", "Extract as JSON:", "Return JSON with:", "JSON fields:")
FIELDS_AT = {1: 2, 2: 3, 3: 4, 4: 5, 5: 5, 6: 6, 7: 7, 8: 7, 9: 7}
FIXES_AT = {1: 0, 2: 0, 3: 1, 4: 2, 5: 2, 6: 3, 7: 4, 8: 6, 9: 6}
OTHERS_AT = {5: 1, 6: 1, 7: 1, 8: 1, 9: 2}


def value(draw: Draw, key: str) -> str | int:
    """A fresh value for a field."""
    if key in ("name", "city"):
        return draw.word().capitalize()
    if key == "item":
        return draw.word()
    if key == "count":
        return draw.number(2, 99)
    if key == "code":
        return draw.number(100, 999)
    return draw.pick(DAYS if key == "day" else COLORS)


def other_value(draw: Draw, key: str, taken: str | int) -> str | int:
    """A value for the field that differs from `taken`."""
    while (found := value(draw, key)) == taken:
        pass
    return found


def make(draw: Draw, level: int) -> Sample:
    """A note of the given level, and the JSON object it states."""
    shape = draw.frame(f"extract{level}", len(ASKS), 2, 2, 3, 3, 3)
    keys = draw.some(KEYS, min(len(KEYS), FIELDS_AT[level] + draw.number(0, 1)))
    values = {key: value(draw, key) for key in keys}
    wanted = draw.some(keys, FIELDS_AT[level])
    fixed = draw.some(wanted, FIXES_AT[level])
    lines, held = [], [str(one) for one in values.values() if isinstance(one, str)]
    for place, key in enumerate(keys):
        if key in fixed:
            wrong = other_value(draw, key, values[key])
            lines.append(FIXED[key][shape[1 + place % 2]].format(wrong, values[key]))
        else:
            lines.append(PLAIN[key][shape[3 + place % 3]].format(values[key]))
    for _ in range(OTHERS_AT.get(level, 0)):
        person, city = draw.names(2)
        lines.insert(draw.number(0, len(lines)), draw.pick(OTHERS).format(person, city, draw.word()))
    answer = json.dumps({key: values[key] for key in wanted})
    prompt = f"{ASKS[shape[0]]} {', '.join(wanted)}.\nNote: {' '.join(lines)}"
    fresh = tuple(one for one in held if one not in DAYS and one not in COLORS)
    return Sample("pocket_extract", level, frame_id(f"extract{level}", shape), prompt, answer, (), fresh)
