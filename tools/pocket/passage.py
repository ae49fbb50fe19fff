"""Question answering over a short passage: the answer stands in the text, and so do wrong ones of the same kind.

Levels are the number of people in the passage: 1 two, 2 three, 3 four, each with one or two facts; 4 four people, and
the question names a person by another fact (two hops); 5 like 3, but a fact changes later in the passage.
"""

from tools.pocket.sample import Sample
from tools.pocket.split import Draw, frame_id

JOBS = ("baker", "nurse", "pilot", "farmer", "tailor", "teacher", "sailor", "judge", "painter", "smith")
PETS = ("cat", "dog", "goat", "horse", "parrot", "rabbit", "duck", "snake", "turtle", "donkey")
FACTS: dict[str, tuple[str, ...]] = {
    "city": (" {0} lives in {1}.", " The home of {0} is in {1}.", " In {1} stands the house of {0}."),
    "job": (" {0} is a {1}.", " {0} works as a {1}.", " The {1} is called {0}."),
    "pet": (" {0} has a {1}.", " {0} owns a {1}.", " The {1} belongs to {0}."),
    "book": (" {0} reads the book {1}.", " The book {1} was sold to {0}.", " {0} wrote a book called {1}."),
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
HEADS = ("Read:", "Text:", "Passage:", "Story:")
TAILS = ("Answer the question:", "Question:", "Q:", "Tell me:")
KINDS = tuple(FACTS)
PEOPLE_AT = {1: 2, 2: 3, 3: 4, 4: 4, 5: 3}


def values(draw: Draw, kind: str, count: int) -> list[str]:
    """`count` different values of a kind of fact; cities and books are invented words."""
    if kind == "job":
        return draw.some(JOBS, count)
    if kind == "pet":
        return draw.some(PETS, count)
    return draw.names(count)


def make(draw: Draw, level: int) -> Sample:
    """A passage of the given level with a question and its one right answer."""
    shape = draw.frame(f"passage{level}", len(HEADS), len(TAILS), 3, 3, 2)
    people = draw.names(PEOPLE_AT[level])
    kinds = draw.some(KINDS, 2)
    table = {kind: values(draw, kind, len(people) + 1) for kind in kinds}
    main, side = kinds
    lines = [FACTS[main][shape[2]].format(who, what) for who, what in zip(people, table[main], strict=False)]
    extra = people if level == 4 else draw.some(people, draw.number(0, len(people)))
    lines += [FACTS[side][shape[3]].format(who, table[side][people.index(who)]) for who in extra]
    draw.rng.shuffle(lines)
    asked = draw.number(0, len(people) - 1)
    who, what = people[asked], table[main][asked]
    if level == 5:
        mover = asked if draw.rng.random() < 0.6 else draw.number(0, len(people) - 1)
        lines.append(CHANGES[main].format(people[mover], table[main][-1]))
        what = table[main][-1] if mover == asked else what
    question, answer = ASKS[main][shape[4]].format(who), what
    if level == 4:
        question = ASKS[main][shape[4]].format(BY[side].format(who, table[side][asked]))
    elif level < 4 and draw.rng.random() < 0.35:
        question, answer = WHO[main][shape[4]].format(who, what), who
    prompt = f"{HEADS[shape[0]]}{''.join(lines)}\n{TAILS[shape[1]]} {question}"
    held = tuple(people) + tuple(one for kind in kinds if kind in ("city", "book") for one in table[kind])
    return Sample("pocket_passage", level, frame_id(f"passage{level}", shape), prompt, answer, (), held)
