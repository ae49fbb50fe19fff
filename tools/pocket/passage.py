"""Question answering over a short passage: the answer stands in the text, and so do wrong ones of the same kind.

Levels: 1 two people; 2 three; 3 four, each with one or two facts told side by side; 4 three people and a question that
names one by another fact (two hops); 5 three people and a fact that changes later; 6 three people, and words stand
between name and fact; 7 two hops among five people; 8 (never trained) among six. The reply quotes the passage from what
was asked about to the answer, its last word.
"""

from tools.pocket.sample import Sample
from tools.pocket.split import Draw, frame_id

JOBS = ("baker", "nurse", "pilot", "farmer", "tailor", "teacher", "sailor", "judge", "painter", "smith")
PETS = ("cat", "dog", "goat", "horse", "parrot", "rabbit", "duck", "snake", "turtle", "donkey")
# In the last wording of each kind the person comes last; it is asked about from the other side.
FACTS: dict[str, tuple[str, ...]] = {
    "city": (" {0} lives in {1}.", " The home of {0} is in {1}.", " In {1} stands the house of {0}."),
    "job": (" {0} is a {1}.", " {0} works as a {1}.", " The {1} is called {0}."),
    "pet": (" {0} has a {1}.", " {0} owns a {1}.", " The {1} belongs to {0}."),
    "book": (" {0} reads the book {1}.", " {0} wrote a book called {1}.", " The book {1} was sold to {0}."),
}
# Told side by side: person then fact, fact then person.
NEAR: dict[str, tuple[str, ...]] = {
    "city": (" For {0} {1} is home.", " In {1} {0} has a house."),
    "job": (" We call {0} {1}.", " We know the {1} {0}."),
    "pet": (" We gave {0} {1} food.", " With the {1} {0} came."),
    "book": (" To {0} {1} is the best book.", " The book {1} {0} has read."),
}
ASKS: dict[str, tuple[str, ...]] = {
    "city": ("Where does {0} live?", "Which city is home to {0}?"),
    "job": ("What is the job of {0}?", "What does {0} work as?"),
    "pet": ("Which animal does {0} have?", "What animal is with {0}?"),
    "book": ("Which book is with {0}?", "What is the book of {0}?"),
}
WHO: dict[str, tuple[str, ...]] = {
    "city": ("Who lives in {1}?", "Whose home is in {1}?"),
    "job": ("Who is the {1}?", "Who works as a {1}?"),
    "pet": ("Who has the {1}?", "Whose animal is the {1}?"),
    "book": ("Who has the book {1}?", "Whose book is {1}?"),
}
BY: dict[str, str] = {"city": "the person in {1}", "job": "the {1}", "pet": "the owner of the {1}",
                      "book": "the person with the book {1}"}
CHANGES: dict[str, str] = {"city": " Later {0} moved to {1}.", "job": " Then {0} became a {1}.",
                           "pet": " Today {0} has a {1} instead.", "book": " Now {0} has the book {1} instead."}
HEADS = ("Read:", "Text:", "Passage:", "Story:", "Known:", "We read:")
TAILS = ("Answer the question:", "Question:", "Q:", "Tell me:", "Now:", "Please answer:")
KINDS = tuple(FACTS)
TWO_HOPS = (4, 7, 8)
PEOPLE_AT = {1: 2, 2: 3, 3: 4, 4: 3, 5: 3, 6: 3, 7: 5, 8: 6}


def values(draw: Draw, kind: str, count: int) -> list[str]:
    """`count` different values of a kind of fact; cities and books are invented words."""
    if kind == "job":
        return draw.some(JOBS, count)
    if kind == "pet":
        return draw.some(PETS, count)
    return draw.names(count)


def quote(sentence: str, begin: str, end: str) -> str:
    """The sentence from `begin` up to and with `end`."""
    at = sentence.index(begin)
    return sentence[at:sentence.index(end, at + len(begin)) + len(end)]


def make(draw: Draw, level: int) -> Sample:
    """A passage of the given level with a question and its one right answer."""
    told = FACTS if level in (5, 6) else NEAR
    two_hops = level in TWO_HOPS
    last = len(told["city"]) - 1  # the wording in which the person comes last
    first = last if two_hops or level == 5 else last + 1
    shape = draw.frame(f"passage{level}", len(HEADS), len(TAILS), first, last + 1, 2)
    people = draw.names(PEOPLE_AT[level])
    kinds = draw.some(KINDS, 2)
    table = {kind: values(draw, kind, len(people) + 1) for kind in kinds}
    held = tuple(people) + tuple(one for kind in kinds if kind in ("city", "book") for one in table[kind])
    facts: dict[tuple[str, str], str] = {}
    for kind, wording in zip(kinds, (shape[2], last if two_hops else shape[3]), strict=True):
        full = kind == kinds[0] or two_hops
        for who in people if full else draw.some(people, draw.number(0, len(people))):
            facts[kind, who] = told[kind][wording].format(who, table[kind][people.index(who)])
    asked = draw.number(0, len(people) - 1)
    lines = list(facts.values())
    draw.rng.shuffle(lines)
    if level == 5:
        mover = asked if draw.rng.random() < 0.6 else draw.number(0, len(people) - 1)
        table[kinds[0]][mover] = table[kinds[0]][-1]
        facts[kinds[0], people[mover]] = CHANGES[kinds[0]].format(people[mover], table[kinds[0]][-1])
        lines.append(facts[kinds[0], people[mover]])
    known = {kind: table[kind][asked] for kind in kinds} | {"who": people[asked]}
    stated = {kind: fact for (kind, who), fact in facts.items() if who == people[asked]}
    question, answer = ask(level, kinds, known, stated, (shape[2] == last, shape[4]))
    prompt = f"{HEADS[shape[0]]}{''.join(lines)}\n{TAILS[shape[1]]} {question}"
    return Sample("pocket_passage", level, frame_id(f"passage{level}", shape), prompt, answer, (), held)


def ask(level: int, kinds: list[str], known: dict[str, str], facts: dict[str, str], style: tuple[bool, int]
        ) -> tuple[str, str]:
    """The question about a person, and the reply that quotes its way to the answer."""
    main, side = kinds
    (backward, wording), who, what = style, known["who"], known[main]
    if backward:
        return WHO[main][wording].format(who, what), quote(facts[main], what, who)
    reply = quote(facts[main], who, what)
    if level not in TWO_HOPS:
        return ASKS[main][wording].format(who), reply
    through = quote(facts[side], known[side], who)
    return ASKS[main][wording].format(BY[side].format(who, known[side])), f"{through}, {reply}"
