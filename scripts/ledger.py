"""Bring the ledgers of the book's numbers up to date, and say which number still has no warrant.

Every page and every chapter has a ledger in ``tests/ledger``: all its numbers, in digits and in
words, with the word after them; its years, units and names; and the sources that each sentence
cites, in their order. So have the bibliography, the tables that were written by hand, and, for its
numbers, names and words of direction, the Chinese edition. A number's warrant says where it comes
from:

``fact:KEY``      the row KEY of ``data/facts.csv``; its source is cited in the sentence or the page
``networks:ROW``  a cell of that row of ``data/networks.csv``, its error for example
``rivals:ROW``    the test error in ``data/rivals_1998.csv``
``year:KEY``      the year of an entry of ``references.bib``
``cell:ID``       source or output of a cell *before or beside* the text (on a page: of any cell)
``result:FILE/COLUMN``  a value in that column of a file of ``data/results``
``file:PATH``     a number in another file of the repository, ``pyproject.toml`` for example
``calc:TERM``     arithmetic; its large or broken numbers stand in the page or its cells
``calc~:TERM``    the same for "about", "nearly", "twice": within a tenth
``quiz``          a piece of the quiz that ``facts`` in ``tests/test_quiz.py`` computes
``text``          speech: "two kinds", a step, a size that the sentence itself sets

``python scripts/ledger.py`` keeps the warrants that stand, proposes others, prints all that is new
so that somebody reads it, and leaves ``?`` where only a person can say. The tests fail on a ``?``.
"""

import ast
import csv
import difflib
import functools
import io
import math
import operator
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from babel.messages.pofile import read_po

ROOT = Path(__file__).parent.parent
LEDGERS = ROOT / "tests" / "ledger"
DATA = ROOT / "src" / "lenet_tutorial" / "data"
# Their numbers are options and version bounds, which tests of the command hold to the program.
NOT_HELD = {"book/command-line.md", "book/api.md", "book/references.md"}
# A section that is described where the loader is; its numbers stand in test_datasets.py.
NOT_HELD_SECTIONS = {"The digits", "The data", "When something fails"}
NOT_HELD_SECTIONS |= {"When an address is blocked"}

ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
ONES = f"{ONES} fifteen sixteen seventeen eighteen nineteen twenty".split()
TENS = dict(
    zip("thirty forty fifty sixty seventy eighty ninety".split(), range(30, 91, 10), strict=True)
)
WORDS = {word: float(n) for n, word in enumerate(ONES)} | TENS
WORDS |= {"hundred": 100, "thousand": 1e3, "million": 1e6, "billion": 1e9, "dozen": 12}
WORDS |= {"half": 0.5, "halves": 0.5, "third": 1 / 3, "quarter": 0.25, "fifth": 0.2, "sixth": 1 / 6}
WORDS |= {"seventh": 1 / 7, "eighth": 1 / 8, "ninth": 1 / 9, "tenth": 0.1, "twentieth": 0.05}
WORDS |= {"hundredth": 0.01, "thousandth": 1e-3, "millionth": 1e-6, "twelfth": 1 / 12}
WORDS |= {"twice": 2, "double": 2, "triple": 3, "fourfold": 4, "tenfold": 10, "second": 2}
WORDS |= {word + "s": value for word, value in WORDS.items() if not word.endswith("s")}
# A pronoun far more often than a number. "One" made "two" is a number more, and so noticed.
del WORDS["one"], WORDS["ones"]
UNITS = """millisecond microsecond nanosecond minute hour day week month year decade century
byte kilobyte megabyte gigabyte terabyte bit pixel metre kilometre percent cent ms µs ns kB MB GB TB
GFLOP GFLOPS MHz GHz Hz KiB MiB GiB""".split()
UNITS = {*UNITS, *(unit + "s" for unit in UNITS), "centuries"}
SCALES = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}

SUPER = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
DIGITS = r"\d{1,3}(?:[ \u00a0\u202f,]\d{3})+(?!\d)|\d+(?:\.\d+)?"
TOKEN = re.compile(
    rf"""(?P<code>`+[^`]+`+)
    | (?P<mixed>[A-Za-z]\w*(?:[-–/@×.]\w+)*[-–/@×]?\d[\w×@/–-]*)
    | (?P<sizes>\d+(?:-\d+)+)
    | (?P<number>(?<!\w)(?P<sign>[−-](?=\d))?(?P<digits>{DIGITS})(?P<power>[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]*))
    | (?P<word>[A-Za-zÀ-žµ]+(?:[’'][a-z]+)?)""",
    re.VERBOSE,
)
UNIT = re.compile(r"[\s\u00a0\u202f-]*(%|‰|×|°|[A-Za-zµ]+)?")
ROLE = re.compile(r"\{([\w:-]+)\}`([^`]*)`")
SENTENCE = re.compile(r"(?<=[.?!])[*)]{0,2} (?=[A-Z(*`{\d])|\s*\|\s*|(?<=[。？！])")


@dataclass(frozen=True)
class Token:
    """A number, a sentence's names, its sources or its code; and where it stands."""

    cell: str
    kind: str  # number, names, cites, code, row, zh
    text: str
    value: float | None = field(default=None, compare=False)
    decimals: int = field(default=0, compare=False)
    unit: str = field(default="", compare=False)
    sentence: str = field(default="", compare=False)
    cites: tuple = field(default=(), compare=False)
    near: tuple = field(default=(), compare=False)  # what its paragraph cites

    @property
    def is_word(self):
        """Whether it is written in letters."""
        return not re.search(r"\d", self.text)


# ------------------------------------------------------------------------------- sources of facts


@functools.cache
def bibliography():
    """Return {key: {field: text}} of ``references.bib``."""
    text, found = (ROOT / "book" / "references.bib").read_text(encoding="utf-8"), {}
    for key, body in re.findall(r"@\w+\{(\w+),\n(.*?)\n\}", text, re.DOTALL):
        found[key] = dict(re.findall(r"^\s*(\w+)\s*=\s*\{(.*)\},?$", body, re.MULTILINE))
    return found


def plain(name):
    """Return a name without the marks that BibTeX needs for its accents."""
    for mark, letter in (('{\\"u}', "ü"), ("{\\'e}", "é"), ("{\\'a}", "á"), ("{\\'i}", "í")):
        name = name.replace(mark, letter)
    return re.sub(r"[{}]", "", name)


def authors(key):
    """Return the names of an entry's authors: [(family, given)]."""
    names = plain(bibliography()[key]["author"]).split(" and ")
    return [tuple(part.strip() for part in (name + ",").split(",")[:2]) for name in names]


@functools.cache
def known_names():
    """Return every word of an author's name: {word: {keys of the entries}}."""
    found = {}
    for key in bibliography():
        for word in re.findall(r"[^\W\d_]{2,}", " ".join(sum(authors(key), ()))):
            if word[0].isupper() and word not in ("Mark", "Keras", "An", "So"):
                found.setdefault(word, set()).add(key)
    return found


@functools.cache
def table(name, index):
    """Return {index: row} of a file of data, without its comments."""
    lines = (DATA / f"{name}.csv").read_text(encoding="utf-8").splitlines()
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    found = {row[index]: row for row in rows}
    assert len(found) == len(rows), f"{name}.csv: the same {index} twice"
    return found


def facts():
    """Return {key: row} of the file of facts."""
    return table("facts", "key")


# --------------------------------------------------------------------------------------- the text


def blocks(source):
    """Yield the paragraphs, items, table rows and code lines of Markdown: (text, is code)."""
    fence, paragraph = None, []
    for line in [*source.splitlines(), ""]:
        opened = re.match(r"\s*(`{3,}|:{3,})(\{[\w-]+\})?(.*)", line)
        ends = not line.strip() or opened or re.match(r"\s*([-*+>|]|\d+\.|:?\w+:) |\s*\||#", line)
        if ends and paragraph:
            yield "\n".join(paragraph), False
            paragraph = []
        if fence:
            if opened and opened[1] == fence:
                fence = None
            else:
                yield line, True
        elif opened:
            # A directive holds text; a fence without one holds code.
            if opened[1].startswith("`") and opened[3].strip() and not opened[2]:
                fence = opened[1]
            elif opened[2] in ("{code-block}", "{code-cell}", "{math}"):
                fence = opened[1]
            elif opened[2] and opened[2] not in ("{grid}", "{figure}", "{solution}", "{image}"):
                yield opened[3], False
        elif re.match(r"\s*:alt: ", line):
            yield line.split(":alt:")[1], False
        elif line.strip() and not re.match(r"\s*:[\w-]+:( |$)|\([\w-]+\)=|\s*\{\.\w+\}", line):
            paragraph.append(line)


def sentences(text):
    """Split a paragraph; its roles stay."""
    text = re.sub(r"\s*\n\s*", " ", text)
    text = re.sub(r"^\s*(?:[-*+>]|\d+\.|#+)\s+(?:\[[ x]\]\s+)?", "", text)
    return [one for one in SENTENCE.split(text) if one and one.strip()]


def without_roles(sentence):
    """Return the words that a reader sees (without those of a reference), and the cited keys."""
    cites = []

    def shown(match):
        role, content = match.groups()
        if role.startswith("cite"):
            cites.extend(key.strip() for key in content.split(","))
            return ""
        if role.endswith("ref") or role == "eq":
            return re.sub(r"\s*<[^>]*>", "", content) if "<" in content else ""
        return re.sub(r"\s*<[^>]*>", "", content)

    sentence = ROLE.sub(shown, sentence)
    return re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", sentence), tuple(cites)


def _number(match, text):
    """Return (text with its unit, value, decimals, unit) of a match."""
    after = UNIT.match(text, match.end())
    unit = after[1] or ""
    if match["number"]:
        digits = re.sub(r"[ \u00a0\u202f,]", "", match["digits"])
        decimals = len(digits.partition(".")[2])
        value = float(digits)
        if match["power"]:
            value **= int(match["power"].translate(SUPER) or 1)
        if match["sign"]:
            value = -value
        value *= SCALES.get(unit, 1)
    else:
        value, decimals = WORDS[match[0].lower()] * SCALES.get(unit, 1), 0
    more = UNIT.match(text, after.end())[1] if unit in SCALES else ""  # 60 million parameters
    shown = " ".join(re.sub(r"[\u00a0\u202f]", " ", f"{match[0]} {unit} {more or ''}").split())
    if unit == "s":  # a decade
        shown = shown.replace(" s", "s")
    return shown, value, decimals, unit


def tokens_of(cell, text, is_code=False):
    """Yield what is held of a paragraph."""
    if is_code:
        if re.search(r"\d", text):
            yield Token(cell, "code", text.strip())
        return
    near = without_roles(text)[1]
    for sentence in sentences(text):
        words, cites = without_roles(sentence)
        names, code, numbers, started = [], [], [], False
        for match in TOKEN.finditer(words):
            kind, piece = match.lastgroup, match[0]
            if match["code"]:
                code += [piece] if re.search(r"\d", piece) else []
            elif match["mixed"] or match["sizes"]:
                names.append(piece)
            elif match["number"] or piece.lower() in WORDS:
                if not (numbers and piece in SCALES and f" {piece}" in numbers[-1][0]):
                    numbers.append(_number(match, words))
            elif kind == "word" and piece in UNITS:
                if not numbers or not numbers[-1][0].endswith(" " + piece):
                    numbers.append((piece, None, 0, ""))
            elif (
                piece in known_names()
                or re.match(r"[A-Z]{2}|[A-Z][a-z]+[A-Z]", piece)
                or (started and len(piece) > 1 and piece[0].isupper())
            ):
                names.append(piece)
            started = True
        for shown, value, decimals, unit in numbers:
            yield Token(cell, "number", shown, value, decimals, unit, sentence, cites, near)
        for kind, found in (("names", names), ("code", code), ("cites", cites)):
            if found:
                yield Token(cell, kind, " ".join(found), None, 0, "", sentence, cites)


def _slug(heading):
    return re.sub(r"\W+", "-", heading.lower()).strip("-")[:40]


def texts_of(path):
    """Yield (place, text, is code) of a page, a deck or a chapter, captions and alt texts too."""
    if path.suffix == ".ipynb":
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "markdown":
                yield from ((cell.id, *block) for block in blocks(cell.source))
            else:
                look = cell.metadata.get("mystnb", {})
                yield f"{cell.id} caption", look.get("figure", {}).get("caption", ""), False
                yield f"{cell.id} alt", look.get("image", {}).get("alt", ""), False
    else:
        place, held = "top", True
        for text, is_code in blocks(path.read_text(encoding="utf-8")):
            if not is_code and (heading := re.match(r"#+ (.*)", text)):
                place, held = _slug(heading[1]), heading[1] not in NOT_HELD_SECTIONS
            if held:
                yield place, text, is_code


def rows_of(path):
    """Yield the rows of a file of data, or the entries of the bibliography, as they are."""
    if path.suffix == ".bib":
        for key, entry in bibliography().items():
            names = "; ".join(", ".join(name) for name in authors(key))
            rest = [f"{name} {text}" for name, text in entry.items() if name != "author"]
            yield Token(key, "row", " | ".join([names, *rest]))
    else:
        lines = path.read_text(encoding="utf-8").splitlines()
        for row in csv.reader(line for line in lines if not line.startswith("#")):
            yield Token(row[0], "row", " | ".join(row))


# What an exchange would turn round in a Chinese sentence: directions, comparisons, negations,
# numbers, units, and the words and names in Latin letters.
TURNS = re.compile(
    "输入|输出|训练|测试|验证|最大|平均|卷积|池化|权重|偏置|参数|连接"
    "|开始|结束|[左右上下前后内外大小多少高低长短先正负行列宽增减升降快慢深浅亮暗黑白早晚]"
    "|[新旧对错粗细远近横竖里易难好坏强弱全不没无非只都]"
    "|[零一二两三四五六七八九十百千万亿半]+[倍天周月年秒]?|毫秒|微秒|纳秒|小时|分钟|[天周年月秒]"
    r"|[\d.]*\d|%|[A-Za-z][\w-]*"
)


def translations_of(path):
    """Yield what is held of each text of a catalogue of the Chinese edition."""
    for message in read_po(io.BytesIO(path.read_bytes()), locale="zh_CN", charset="utf-8"):
        if message.id and not message.id.startswith("\n"):
            text, cites = without_roles(message.string)
            yield Token(message.id[:40].strip(), "zh", " ".join([*TURNS.findall(text), *cites]))


@functools.cache
def tokens(path):
    """Return all that is held of a page, in its order."""
    if path.suffix == ".po":
        return list(translations_of(path))
    if path.suffix in (".csv", ".bib"):
        return list(rows_of(path))
    return [one for place in texts_of(path) for one in tokens_of(*place)]


def pages():
    """Return the chapters and pages that have a ledger."""
    found = [*(ROOT / "book").glob("*.md"), *(ROOT / "book" / "slides").glob("*.md")]
    found = [path for path in found if path.relative_to(ROOT).as_posix() not in NOT_HELD]
    return sorted((ROOT / "chapters").glob("*.ipynb")) + sorted(found)


def held():
    """Return all files that have a ledger: the pages, and what is written down by hand."""
    names = "events", "facts", "networks", "rivals_1998"
    by_hand = [DATA / f"{name}.csv" for name in names]
    chinese = sorted((ROOT / "locale" / "zh_CN" / "LC_MESSAGES").glob("*/*.po"))
    return [*pages(), *by_hand, ROOT / "book" / "references.bib", *chinese]


# -------------------------------------------------------------------------------------- the cells

CELL_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?:e[+-]?\d+)?")


def numbers_in(text):
    """Return the numbers in code or in an output: 60 000, 60,000, 60_000 and 6e4 are one."""
    text = re.sub(r"(?<=\d)[\u00a0\u202f,_](?=\d{3}(?!\d))", "", text)
    found = CELL_NUMBER.findall(text)
    # A plain space stands between thousands or between two numbers.
    found += re.findall(r"(?<![\w.])\d{1,3}(?: \d{3})+(?![\d.])", text)
    return {float(number.replace(" ", "")) for number in found}


@functools.cache
def cells(path):
    """Return [(id, is code, numbers)] of a chapter."""
    found = []
    for cell in nbformat.read(path, as_version=4).cells:
        texts = [cell.source] if cell.cell_type == "code" else []
        for output in cell.get("outputs", []):
            texts += [output.text] if "text" in output else []
            texts += [
                re.sub(r"<[^>]*>", " ", text)
                for kind, text in output.get("data", {}).items()
                if kind.startswith("text/")
            ]
        found.append((cell.id, cell.cell_type == "code", numbers_in("\n".join(texts))))
    return found


@functools.cache
def in_reach(path, place):
    """Return {id: numbers} of the code cells before a text, and of those right after it.

    The nearest comes first.
    """
    if path.suffix != ".ipynb":
        chapters = sorted((ROOT / "chapters").glob("*.ipynb"))
        return {one: held for file in chapters for one, is_code, held in cells(file) if is_code}
    listed, place = cells(path), place.split()[0]
    here = [one for one, _, _ in listed].index(place)
    last = here + 1
    while last < len(listed) and listed[last][1]:
        last += 1
    near = [*listed[here:last], *reversed(listed[:here])]
    return {one: held for one, is_code, held in near if is_code}


def agrees(token, value):
    """Say whether a number, rounded as the text rounds it, is the one in the text."""
    scale = SCALES.get(token.unit, 1)
    wanted = abs(token.value) / scale
    factors = (1, 100) if token.unit in ("%", "points", "point", "per") else (1,)
    if token.is_word and 0 < wanted < 1:
        return math.isclose(value, wanted, rel_tol=0.02)
    return any(
        math.isclose(round(abs(value) * one / scale, token.decimals), wanted, abs_tol=1e-9)
        for one in factors
    )


# ----------------------------------------------------------------------------------- the warrants

OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Pow: operator.pow,
}
FUNCTIONS = {"sqrt": math.sqrt, "log": math.log, "exp": math.exp, "tanh": math.tanh}


def calculate(term):
    """Return the value of an arithmetic term, and the numbers that it is made of."""
    used = set()

    def value(node):
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
            used.add(float(node.value))
            return node.value
        if isinstance(node, ast.BinOp):
            return OPERATORS[type(node.op)](value(node.left), value(node.right))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        if isinstance(node, ast.Call) and node.func.id in FUNCTIONS:
            return FUNCTIONS[node.func.id](*map(value, node.args))
        raise ValueError(f"{term!r} is no arithmetic")

    return value(ast.parse(term, mode="eval").body), used


@functools.cache
def _cited(path):
    return {key for token in tokens(path) for key in token.cites}


def _is_small(token):
    return float(token.value).is_integer() and abs(token.value) < 100


def _source_is_cited(token, path, source):
    """Say what is wrong if a number's source is not cited where it must be."""
    if source not in (token.cites or _cited(path)):
        where = "the sentence cites" if token.cites else "the page cites"
        return f"its source is {source}, and {where} {', '.join(token.cites) or 'others'}"
    return None


def _fact(token, path, key):
    row = facts().get(key)
    if row is None:
        return f"facts.csv has no {key}"
    value = -token.value if key.endswith("-start") else token.value  # from −2.4/F to 2.4/F
    if not math.isclose(float(row["value"]), value) and float(row["value"]) != token.value:
        return f"facts.csv has {row['value']} {row['unit']}"
    if _is_small(token) and row["source"] not in token.near:
        return "a small number needs its source in the same paragraph"
    words = re.findall(r"[\w%µ]+", without_roles(token.sentence)[0].replace("per cent", "%"))
    if row["unit"] and row["unit"] not in words:
        return f"its unit is {row['unit']}"
    return _source_is_cited(token, path, row["source"])


def _figures(text):
    """Return the numbers of a text that separates thousands with a space."""
    return [
        float(re.sub(r"[ \u00a0\u202f,]", "", one))
        for one in re.findall(rf"(?<!\w)({DIGITS})", text)
    ]


def _networks(token, path, name):
    row = table("networks", "network").get(name)
    if row is None:
        return f"networks.csv has no {name}"
    columns = ["error"] if token.unit == "%" else ["input", "layers", "parameters", "connections"]
    held = [value for column in columns for value in _figures(row[column])]
    if token.value not in held:
        return f"networks.csv has {held}"
    return _source_is_cited(token, path, row["source"])


def _rivals(token, path, name):
    row = table("rivals_1998", "method").get(name)
    if row is None:
        return f"rivals_1998.csv has no {name}"
    if not agrees(token, float(row["test_error"])) or token.unit != "%":
        return f"rivals_1998.csv has {row['test_error']} %"
    return _source_is_cited(token, path, "lecun1998")


def _year(token, path, key):
    if bibliography().get(key, {}).get("year") != token.text.split()[0]:
        return f"{key} is of {bibliography().get(key, {}).get('year')}"
    return None


def _result(token, path, name):
    file, _, column = name.partition("/")
    rows = list(csv.DictReader((DATA / "results" / f"{file}.csv").open(encoding="utf-8")))
    held = {value for row in rows for value in numbers_in(row[column])}
    return None if any(agrees(token, value) for value in held) else f"{name} does not have it"


def _file(token, path, name):
    held = numbers_in((ROOT / name).read_text(encoding="utf-8"))
    return None if token.value in held else f"{name} does not have it"


def _cell(token, path, name):
    held = in_reach(path, token.cell).get(name)
    if held is None:
        return f"there is no cell {name} before or beside it"
    return None if any(agrees(token, value) for value in held) else f"{name} does not have it"


def _calc(token, path, term, rough=False):
    value, used = calculate(term)
    if not rough and not re.search(r"[-+*/(]", term):
        return "a number alone is no calculation"
    known = set().union(*in_reach(path, token.cell).values())
    known |= {one.value for one in tokens(path) if one.value is not None and one != token}
    known |= {float(row["value"]) for row in facts().values()}
    strange = {one for one in used if not (one.is_integer() and one <= 100) and one not in known}
    if strange:
        return f"{strange} stand nowhere in the page"
    fits = math.isclose(value, token.value, rel_tol=0.1) if rough else agrees(token, value)
    return None if fits else f"{term} is {value:g}"


def _text(token, path, _):
    if token.value is None:
        return None
    if token.cites and abs(token.value) > 2 and not re.match(r"\d+s", token.text):
        return "the sentence cites a source: which fact is it, or which cell?"
    if token.is_word:
        return None
    if re.fullmatch(r"\d{2,4}s", token.text):  # a decade
        return None
    if not _is_small(token) and not re.match(r"10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]", token.text):
        return "only words and whole numbers below 100 are speech"
    return None


@functools.cache
def _quiz_pieces():
    """Return what ``facts`` of the quizzes' tests computes: [(chapter, piece of the quiz)]."""
    tree = ast.parse((ROOT / "tests" / "test_quiz.py").read_text(encoding="utf-8"))
    yields = [node.value for node in ast.walk(tree) if isinstance(node, ast.Yield)]
    pairs = [node.elts[:2] for node in yields if isinstance(node, ast.Tuple)]
    return [tuple(one.value for one in two if isinstance(one, ast.Constant)) for two in pairs]


def _quiz(token, path, _):
    for chapter, *piece in _quiz_pieces():
        held = numbers_in(" ".join(piece))
        if path.name.startswith(chapter) and any(agrees(token, number) for number in held):
            return None
    return "no piece in facts() of test_quiz.py has it"


WARRANTS = {
    "fact": _fact,
    "networks": _networks,
    "rivals": _rivals,
    "year": _year,
    "cell": _cell,
    "result": _result,
    "file": _file,
    "calc": _calc,
    "calc~": functools.partial(_calc, rough=True),
    "quiz": _quiz,
    "text": _text,
}


def objection(token, path, warrant):
    """Say what is wrong with a token's warrant, or return None."""
    if token.kind != "number":
        return None if warrant == "" else "only numbers have a warrant"
    kind, _, rest = warrant.partition(":")
    if kind not in WARRANTS:
        return "it has no warrant"
    return WARRANTS[kind](token, path, rest)


def proposals(token, path):
    """Yield the warrants that could hold a number, the best first."""
    if token.value is None:
        yield "text"
        return
    year = float(token.value).is_integer() and 1900 <= token.value < 2100 and token.unit != "s"
    for key in (*token.cites, *sorted(_cited(path)), *bibliography()):
        if year and bibliography().get(key, {}).get("year") == token.text.split()[0]:
            yield f"year:{key}"
    if token.is_word:
        fitting = [key for key, row in facts().items() if row["unit"] == token.unit]
        yield from (f"fact:{key}" for key in fitting if token.unit)
        yield "text"
        return
    nearby = [key for key, row in facts().items() if row["source"] in token.near]
    if token.cites or not _is_small(token):
        yield from (f"fact:{key}" for key in nearby if facts()[key]["unit"] == token.unit)
        yield from (f"fact:{key}" for key in nearby)
    if token.cites:
        for name, row in table("networks", "network").items():
            if row["source"] in token.cites:
                yield f"networks:{name}"
        yield from (f"rivals:{name}" for name in table("rivals_1998", "method"))
    if path.suffix == ".ipynb" or not _is_small(token):
        yield from (f"cell:{name}" for name in in_reach(path, token.cell))
    yield from (f"fact:{key}" for key in facts())
    if path.suffix == ".ipynb" and token.cell.endswith("quiz"):
        yield "quiz"
    if path.suffix != ".ipynb" or " alt" in token.cell or abs(token.value) <= 2:
        yield "text"


def propose(token, path):
    """Return the first warrant that holds, or ``?``."""
    if token.kind != "number":
        return ""
    fitting = (one for one in proposals(token, path) if objection(token, path, one) is None)
    return next(fitting, "?")


# ------------------------------------------------------------------------------------- the ledger


def ledger_of(path):
    """Return the file that holds a page's ledger."""
    return LEDGERS / ("zh" if path.suffix == ".po" else "") / f"{path.stem}.csv"


def read(path):
    """Return [(place, kind, text, warrant)] of a page's ledger."""
    if not ledger_of(path).exists():
        return []
    with ledger_of(path).open(encoding="utf-8", newline="") as stream:
        return [tuple(row) for row in csv.reader(stream)][1:]


def keys(path):
    """Return what a ledger must say of a page as it is, without the warrants."""
    return [(one.cell, one.kind, one.text) for one in tokens(path)]


def difference(path):
    """Return the lines in which a page and its ledger differ."""
    old, new = (
        [" ".join(key) for key in rows] for rows in ([r[:3] for r in read(path)], keys(path))
    )
    return [line for line in difflib.unified_diff(old, new, "ledger", "page", "", "", 0, "")][2:]


def update(path):
    """Write a page's ledger anew; yield (token, warrant) of the rows that are new."""
    old, new = read(path), tokens(path)
    warrants, fresh = {}, []
    matcher = difflib.SequenceMatcher(None, [row[:3] for row in old], keys(path), autojunk=False)
    for block in matcher.get_matching_blocks():
        for step in range(block.size):
            warrants[block.b + step] = old[block.a + step][3]
    rows = []
    for place, token in enumerate(new):
        warrant = warrants.get(place)
        if warrant is None or (warrant == "?" and token.kind == "number"):
            warrant = propose(token, path)
            fresh.append((token, warrant))
        rows.append((token.cell, token.kind, token.text, warrant))
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerows([("place", "kind", "text", "warrant"), *rows])
    ledger_of(path).parent.mkdir(exist_ok=True)
    ledger_of(path).write_text(stream.getvalue(), encoding="utf-8")
    return fresh


def main(names):
    """Update the ledgers of all pages, or of those named; return 1 if a number has no warrant."""
    open_ones = 0
    for path in held():
        if names and path.stem not in names:
            continue
        fresh = update(path)
        for token, warrant in fresh:
            print(f"{path.stem} {token.cell}: {token.kind} {token.text!r} <- {warrant}")
            if warrant == "?":
                print(f"      in: {token.sentence}")
        asked = sum(row[3] == "?" for row in read(path))
        open_ones += asked
        print(f"{path.stem}: {len(tokens(path))} rows, {len(fresh)} new, {asked} without a warrant")
    return 1 if open_ones else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
