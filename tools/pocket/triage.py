"""First-pass classification: a support ticket to one team out of eight.

Every ticket names one to five matters, and exactly one of them is open. Levels: 1 one matter; 2 a second one that is
done or denied; 3 two such; 4 a numbered list and a pointer into it; 5 a list, a pointer and a change of mind; 6 a list
of four and a pointer to a neighbour; 7 a list of five and a pointer to the next but one; 8 (never trained) a list of
four and a change of mind to a neighbour.
"""

from tools.pocket.sample import Sample
from tools.pocket.split import Draw, frame_id

MATTERS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "billing": (("the wrong sum", "a double charge", "an unknown fee", "a tax mistake"),
                ("on my invoice", "on the bill", "in the last payment", "on my bank statement")),
    "delivery": (("a delay", "no news", "a wrong date", "a mix-up"),
                 ("with the parcel", "of the courier", "of the shipment", "at the depot")),
    "account": (("a problem", "an error", "a lock", "no success"),
                ("when I sign in", "with my password", "with the login page", "in my user profile")),
    "returns": (("a question", "a label missing", "no reply", "a refusal"),
                ("about sending it back", "for my refund", "about the return", "about an exchange")),
    "repair": (("a crack", "smoke", "a strange noise", "a broken part"),
               ("in the motor", "in the device", "behind the screen", "at the battery")),
    "privacy": (("a worry", "a request", "a copy", "a complaint"),
                ("about my personal data", "about deleting my records", "about tracking", "about a data leak")),
    "sales": (("an offer", "a price", "advice", "a quote"),
              ("for buying ten more", "for a new order", "for a larger plan", "before I buy")),
    "training": (("a lesson", "a guide", "a course", "a seat"),
                 ("on how to use it", "for our beginners", "in the workshop", "for new users")),
}
LABELS = tuple(MATTERS)
OPENINGS = ("Hello, {n} here.", "Dear team,", "Hi, I bought the {p}.", "This is {n} from {c}.", "Good day,",
            "Greetings from {c}.", "My name is {n}.", "About the {p}:")
CLOSINGS = ("Thanks, {n}", "Please help.", "Regards, {n}", "Kind wishes from {c}.", "Please answer soon.",
            "I am waiting.", "{n}", "The {p} is mine.")
ASKS = ("Which team takes this ticket?", "Name the team for this ticket.", "Route this ticket to a team.")
BODIES: dict[int, tuple[str, ...]] = {
    1: ("There is {0}.", "I write because of {0}.", "I have {0}.", "It is {0}.", "Now there is {0}."),
    2: ("{1}: that is solved. Now it is {0}.", "It is {0}. It is not {1}.", "This is not {1}, it is {0}.",
        "I have {0}; {1} was last week and is done.", "Forget {1}. I write because of {0}.",
        "A friend has {1}, but I have {0}.", "There is {0}. Earlier there was {1}, now fixed."),
    3: ("It is neither {1} nor {2}; it is {0}.", "{1}: solved. {2}: solved. Open: {0}.",
        "Open: {0}. Done: {1}. Also done: {2}.", "First {1}, then {2}, both fixed. What stays is {0}.",
        "My neighbour has {1}, the shop had {2}, and I have {0}.",
        "There is {0}. Do not mind {1}, and {2} is over.", "It was {1}. That is fixed. It is {0}, not {2}."),
    4: ("One: {a}. Two: {b}. Three: {d}. Only number {i} is open.",
        "One: {a}. Two: {b}. Three: {d}. Please do number {i}.",
        "I had {a}, {b} and {d}. All are solved but number {i}.", "See {a}, {b} and {d}. Take number {i} only.",
        "Number {i} of these is open: {a}, {b}, {d}.", "Only look at number {i}: {a}; {b}; {d}."),
    5: ("One: {a}. Two: {b}. Three: {d}. Do number {j}. No, wait: number {i}.",
        "Not number {j} but number {i} of these: {a}; {b}; {d}.",
        "I had {a}, {b} and {d}. I asked for number {j}, which is solved. Now do number {i}.",
        "Skip number {j}, do number {i}: {a}, {b}, {d}.",
        "One: {a}. Two: {b}. Three: {d}. Number {i} is open, number {j} is solved."),
    6: ("One: {a}. Two: {b}. Three: {d}. Four: {e}. Do the one {w} number {j}.",
        "See {a}, {b}, {d} and {e}. Open is the one {w} number {j}.",
        "All of these are solved but the one {w} number {j}: {a}; {b}; {d}; {e}.",
        "Of {a}, {b}, {d} and {e}, take the one {w} number {j}.",
        "Only look at what stands {w} number {j}: {a}; {b}; {d}; {e}."),
    7: ("One: {a}. Two: {b}. Three: {d}. Four: {e}. Five: {f}. Do the one two places {w} number {j}.",
        "See {a}, {b}, {d}, {e} and {f}. Open is the one two places {w} number {j}.",
        "All of these are solved but the one two places {w} number {j}: {a}; {b}; {d}; {e}; {f}.",
        "Of {a}, {b}, {d}, {e} and {f}, take the one two places {w} number {j}.",
        "Only look at what stands two places {w} number {j}: {a}; {b}; {d}; {e}; {f}."),
    8: ("One: {a}. Two: {b}. Three: {d}. Four: {e}. Do number {j}. No, wait: the one {w} it.",
        "Of {a}, {b}, {d} and {e}, take not number {j} but the one {w} it.",
        "{a}, {b}, {d} and {e}: first I meant number {j}, now I mean the one {w} it.",
        "I have {a}, {b}, {d} and {e}. Not number {j} is open but the one {w} it.",
        "Skip number {j}, do the one {w} it: {a}; {b}; {d}; {e}."),
}
ORDINALS = ("one", "two", "three", "four", "five")
LISTED_AT = {6: 4, 7: 5, 8: 4}


def make(draw: Draw, level: int) -> Sample:
    """A ticket of the given level, with its team."""
    shape = draw.frame(f"triage{level}", len(BODIES[level]), len(OPENINGS), len(CLOSINGS), len(ASKS))
    person, city = draw.names(2)
    product = draw.word()
    count = LISTED_AT.get(level, 3)
    teams = draw.some(LABELS, count)
    phrases = [" ".join((draw.pick(MATTERS[team][0]), draw.pick(MATTERS[team][1]))) for team in teams]
    where = draw.number(0, count - 1)
    listed = phrases[1:]
    listed.insert(where, phrases[0])
    gaps = {6: (1,), 7: (2,), 8: (1,)}.get(level, (1, 2))
    other = draw.pick([spot for spot in range(count) if abs(spot - where) in gaps])
    body = BODIES[level][shape[0]].format(
        *phrases, a=listed[0], b=listed[1], d=listed[2], e=listed[min(3, count - 1)], f=listed[-1],
        i=ORDINALS[where], j=ORDINALS[other], w="after" if other < where else "before")
    head = OPENINGS[shape[1]].format(n=person, c=city, p=product)
    tail = CLOSINGS[shape[2]].format(n=person, c=city, p=product)
    prompt = f"{ASKS[shape[3]]}\nTeams: {', '.join(LABELS)}.\n{head} {body[0].upper()}{body[1:]} {tail}"
    return Sample("pocket_triage", level, frame_id(f"triage{level}", shape), prompt, teams[0], LABELS,
                  (person, city, product))
