"""Plain prose for perplexity: short tales, diaries, reports and letters about people and places that do not exist."""

from tools.pocket.sample import Sample
from tools.pocket.split import Draw, frame_id

GENRES: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "tale": (
        ("Once there was a {job} called {a} who lived in {c}.", "Long ago, {a} the {job} came to {c}.",
         "In the old days a {job} named {a} ruled over {c}.", "Far behind the hills of {c} lived {a}, a {job}."),
        ("One {time} {a} met {b} near the {place}.", "{a} gave {b} a {color} {thing}, and {b} was {mood}.",
         "The {animal} of {b} ran into the {place} and did not come back.",
         "{b} asked {a} for help, but {a} was too {mood}.",
         "They walked {n} days until they saw the {place}.", "There they found a {thing} made of {stuff}.",
         "\"Who are you?\" asked {b}. \"I am {a},\" said {a}.", "A {color} {animal} sat on the {thing} and sang.",
         "Nobody in {c} had ever seen such a {thing}.", "When the {time} came, the {place} was full of {stuff}."),
        ("And so {a} and {b} stayed in {c} for ever.", "From that day on {a} was never {mood} again.",
         "The {thing} still stands in {c}.", "That is why the people of {c} love the {animal}.")),
    "diary": (
        ("Dear diary, this {time} I came to {c}.", "It is {time} and I am {mood}.", "Today I worked with {a} in {c}.",
         "Another {time} in {c}, and the {place} is closed."),
        ("I saw {a} at the {place} with a {color} {thing}.", "{a} told me that {b} is {mood}.",
         "We ate bread and {stuff} for {n} coins.", "The {animal} slept under the {thing} all day.",
         "I wrote to {b}, but there was no answer.", "It rained, so we stayed in the {place}.",
         "{b} wants to sell the {thing} to a {job}.", "I lost my {thing} on the way to the {place}.",
         "My {job} says that {stuff} is good for me.", "At the {time} I heard the {animal} again."),
        ("Now I am {mood} and go to bed.", "Tomorrow I will look for {b}.", "I will write more when I am back in {c}.",
         "I hope that {a} comes soon.")),
    "report": (
        ("Report from {c}: the {place} was opened by {a}.", "The council of {c} met at the {place}.",
         "A {job} from {c} has found {n} pieces of {stuff}.", "News from {c}: {a} is the new {job}."),
        ("According to {a}, the {thing} costs {n} coins.", "{b}, a {job}, said that the people were {mood}.",
         "The {place} needs {n} tons of {stuff} each year.", "In the {time} a {animal} was seen near the {place}.",
         "{a} and {b} do not agree about the {thing}.", "Most of the {stuff} comes from {c}.",
         "The {color} {thing} was sold to a {job}.", "Some {n} people came to the {place}.",
         "The work on the {place} began in the {time}.", "Nobody knows who took the {thing}."),
        ("The next meeting is in {n} days.", "{b} did not want to answer.",
         "The {place} stays closed until the {time}.",
         "More news will follow from {c}.")),
    "letter": (
        ("Dear {a}, thank you for the {thing}.", "My dear {a}, I write to you from {c}.",
         "Dear {a}, it is {time} here and I am {mood}.", "Dear {a}, the {job} brought me your letter."),
        ("{b} is {mood} and sends you {n} kisses.", "Please bring the {color} {thing} and some {stuff}.",
         "We have a new {animal}, and it likes the {place}.", "Do you still work as a {job}?",
         "The {place} in {c} looks like new.", "I paid {n} coins for the {stuff}.",
         "In the {time} we want to visit {b}.", "You know that {b} is a {job} now.",
         "Last {time} the {thing} fell from the {place}.", "I have not seen your {animal} for {n} days."),
        ("Write soon, your {b}.", "With love from {c}, {b}.", "Come and see us in {c}.", "Yours, {b} the {job}.")),
}
LISTS: dict[str, tuple[str, ...]] = {
    "job": ("baker", "nurse", "pilot", "farmer", "tailor", "teacher", "sailor", "judge", "painter", "king"),
    "time": ("morning", "evening", "night", "winter", "summer", "spring", "autumn"),
    "place": ("bridge", "market", "tower", "mill", "garden", "harbor", "school", "forest", "station", "church"),
    "thing": ("lamp", "clock", "table", "boat", "bell", "mirror", "wagon", "ring", "flute", "ladder"),
    "stuff": ("gold", "wood", "salt", "glass", "honey", "stone", "paper", "wool", "iron"),
    "animal": ("cat", "dog", "goat", "horse", "parrot", "rabbit", "duck", "snake", "turtle", "donkey"),
    "color": ("red", "blue", "green", "white", "black", "yellow", "brown", "grey"),
    "mood": ("happy", "sad", "tired", "angry", "proud", "afraid", "quiet", "hungry"),
}
KINDS = tuple(GENRES)


def make(draw: Draw, level: int) -> Sample:
    """A text of six to nine sentences; `level` only counts the genre, and the answer is the whole text."""
    genre = KINDS[level - 1]
    openings, middles, endings = GENRES[genre]
    shape = draw.frame(f"prose-{genre}", len(openings), len(endings), *(len(middles),) * 2)
    first, second, city = draw.names(3)
    rest = [at for at in range(len(middles)) if at not in shape[2:]]
    order = [*shape[2:], *draw.some(rest, draw.number(3, 5))]
    lines = [openings[shape[0]], *(middles[at] for at in dict.fromkeys(order)), endings[shape[1]]]
    # The same thing, place and animal come back through a text: what was read earlier helps to foresee what follows.
    props = {key: draw.some(options, 2) for key, options in LISTS.items()}
    text = " ".join(
        line.format(a=first, b=second, c=city, n=draw.number(2, 90),
                    **{key: draw.pick(two) for key, two in props.items()})
        for line in lines)
    return Sample("pocket_prose", level, frame_id(f"prose-{genre}", shape), "", text, (), (first, second, city))
