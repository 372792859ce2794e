"""No number, name, year, unit or source in the book changes without somebody's knowing.

Each page has a ledger of them in ``tests/ledger``; ``scripts/ledger.py`` tells what is in it, and
brings it up to date.
"""

import functools
import re
import unicodedata
from collections import Counter
from pathlib import Path

import ledger
import nbformat
import pytest

pytestmark = pytest.mark.book

ROOT = Path(__file__).parent.parent

pages = pytest.mark.parametrize("path", ledger.pages(), ids=lambda path: path.stem)
files = pytest.mark.parametrize(
    "path", ledger.held(), ids=lambda path: path.relative_to(ROOT).as_posix()
)

# ------------------------------------------------------------------------------------ the ledgers


@files
def test_a_ledger_is_in_step_with_its_page(path):
    said = ledger.difference(path)
    assert not said, "run scripts/ledger.py, and read what it prints:\n" + "\n".join(said)


@pages
def test_every_number_comes_from_where_its_ledger_says(path):
    rows, tokens = ledger.read(path), ledger.tokens(path)
    said = []
    for row, token in zip(rows, tokens, strict=False):  # the lengths are for the test above
        if row[:3] == (token.cell, token.kind, token.text):
            problem = ledger.objection(token, path, row[3])
            if problem:
                said.append(f"{token.cell}: {token.text!r} ({row[3]}): {problem}")
    assert not said, "\n".join(said)


def test_every_ledger_belongs_to_a_page():
    assert set(ledger.LEDGERS.rglob("*.csv")) == {ledger.ledger_of(path) for path in ledger.held()}


def test_every_fact_is_used_and_its_claim_says_it():
    used = {row[3] for path in ledger.pages() for row in ledger.read(path)}
    used |= {f"fact:{key}" for keys in TYPED.values() for key in keys} | {"fact:1989-wrong"}
    for key, row in ledger.facts().items():
        assert f"fact:{key}" in used, f"{key}: no page has it"
        assert row["source"] in ledger.bibliography(), key
        value = float(row["value"])
        said = {one.value for one in ledger.tokens_of("", row["claim"]) if one.value is not None}
        said |= {-one for one in said}
        assert value in said | ledger.numbers_in(row["claim"]), f"{key}: {row['claim']}"


# Cells in which a figure of a source is typed.
TYPED = {
    "c01-033": ["rivals:LeNet-5", "rivals:LeNet-5 with distortions"],
    "c08-061": ["rivals:LeNet-5", "rivals:LeNet-5 with distortions"],
    "c08-064": ["rivals:LeNet-5"],
    "c01-011": ["1989-wrong", "2022-wrong", "2022-test-digits"],
    "c01-201": ["2022-test-error"],
    "c08-012": ["1998-amplitude"],
    "c08-205": ["1998-mu", "1998-passes"],
    "c08-046": ["1998-hessian-digits"],
    "c09-200": ["1989-train-digits", "1989-test-digits"],
    "c09-018": ["1998-amplitude"],
    "c09-039": ["1989-train-digits", "1989-passes"],
    "c09-051": ["1989-train-error"],
    "c09-052": ["1989-train-error"],
    "c09-054": ["1989-train-error", "1989-test-error", "2022-train-error", "2022-test-error"],
}


@functools.cache
def sources():
    """Return {id of a cell: its source} of all chapters."""
    chapters = sorted((ROOT / "chapters").glob("*.ipynb"))
    notebooks = [nbformat.read(path, as_version=4) for path in chapters]
    return {cell.id: cell.source for notebook in notebooks for cell in notebook.cells}


@pytest.mark.parametrize("name", TYPED)
def test_a_figure_that_is_typed_in_a_cell_is_the_fact(name):
    source = sources()[name]
    for key in TYPED[name]:
        table, _, row = key.rpartition(":")
        value = ledger.table("rivals_1998", "method")[row]["test_error"] if table else None
        value = value or ledger.facts()[key]["value"]
        assert float(value) in ledger.numbers_in(source), key


def test_warrants_are_given_for_what_they_can_prove():
    kinds = Counter(
        row[3].partition(":")[0]
        for path in ledger.pages()
        for row in ledger.read(path)
        if row[1] == "number"
    )
    assert set(kinds) <= set(ledger.WARRANTS)
    assert kinds["cell"] > 1000 and kinds["fact"] > 100


# -------------------------------------------------------------------------- what a ledger notices

PAGE = """# A page

The network learned from 7 291 digits in 23 passes, which took 3 days
on a SUN-4/260 {cite:p}`lecun1989`. Karpathy came to 2.19 % in 2022 {cite:p}`karpathy2022`.
A message takes five milliseconds, thirteen times as long. It has 60 million $w^{2}$.

| LeNet-5 | 0.95 % {cite:p}`lecun1998` |
| --- | --- |
"""


def held_of(text):
    tokens = [one for block in ledger.blocks(text) for one in ledger.tokens_of("p", *block)]
    return [(one.kind, one.text) for one in tokens]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("7 291", "7 921"),
        ("23 passes", "32 passes"),
        ("3 days", "3 weeks"),
        ("3 days", "three days"),
        ("SUN-4/260", "SUN-3/260"),
        ("p}`lecun1989`", "p}`lecun1990`"),
        ("Karpathy", "Hinton"),
        ("2.19", "2.91"),
        ("2022 {", "2012 {"),
        ("five", "six"),
        ("milliseconds", "microseconds"),
        ("thirteen", "twelve"),
        ("thirteen times", "many times"),
        ("million", "billion"),
        ("{2}", "{3}"),
        ("LeNet-5", "LeNet-4"),
        ("0.95 %", "0.95 points"),
        ("A message", "Two messages"),
    ],
)
def test_a_ledger_notices(old, new):
    assert PAGE.count(old) == 1
    assert held_of(PAGE) != held_of(PAGE.replace(old, new))


def test_other_words_are_nobodys_business():
    assert held_of(PAGE) == held_of(PAGE.replace("which took", "that took").replace("\non", " on"))


def number(text, sentence=None, cites=(), cell="c01-045"):
    (token,) = [one for one in ledger.tokens_of(cell, text) if one.kind == "number"]
    sentence = sentence or text
    return ledger.Token(
        cell, "number", token.text, token.value, token.decimals, token.unit, sentence, cites, cites
    )


@pytest.mark.parametrize(
    ("text", "cites", "warrant", "words"),
    [
        ("3 days", ("lecun1989",), "fact:1989-days", None),
        ("three days", ("lecun1989",), "fact:1989-days", None),
        ("4 days", ("lecun1989",), "fact:1989-days", "facts.csv has 3"),
        ("3 weeks", ("lecun1989",), "fact:1989-days", "its unit is days"),
        ("3 days", ("lecun1990",), "fact:1989-days", "its source"),
        ("0.95 %", ("lecun1998",), "rivals:LeNet-5", None),
        ("0.96 %", ("lecun1998",), "rivals:LeNet-5", "has 0.95"),
        ("0.95 points", ("lecun1998",), "rivals:LeNet-5", "has 0.95"),
        ("9 760 parameters", ("lecun1989",), "networks:1989 network", None),
        ("9 670 parameters", ("lecun1989",), "networks:1989 network", "networks.csv has"),
        ("in 1998", (), "year:lecun1998", None),
        ("in 1989", (), "year:lecun1998", "is of 1998"),
        ("thirteen times", (), "calc~:784000/60000", None),
        ("ten times", (), "calc~:784000/60000", "is 13.0667"),
        ("25 weights", (), "calc:5*5", None),
        ("24 weights", (), "calc:5*5", "is 25"),
        ("25 weights", (), "calc:25", "no calculation"),
        ("10 things", (), "calc:123456/12345.6", "stand nowhere"),
        ("784 000 numbers", (), "cell:c01-043", None),
        ("785 000 numbers", (), "cell:c01-043", "does not have it"),
        ("784 000 numbers", (), "cell:c01-099", "no cell c01-099 before or beside"),
        ("55 000 digits", (), "result:published/train_digits", None),
        ("56 000 digits", (), "result:published/train_digits", "does not have it"),
        ("2.5 digits", (), "text", "are speech"),
        ("100 digits", (), "text", "are speech"),
        ("23 passes", ("lecun1989",), "text", "which fact"),
        ("three steps", (), "text", None),
        ("three steps", (), "?", "no warrant"),
        ("three steps", (), "", "no warrant"),
    ],
)
def test_a_warrant_is_held_against_the_number(text, cites, warrant, words):
    (path,) = [path for path in ledger.pages() if path.stem.startswith("01")]
    said = ledger.objection(number(text, cites=cites), path, warrant)
    assert (said is None) if words is None else (said and words in said), said


def test_a_number_comes_from_a_cell_before_or_beside_it_and_from_no_later_one():
    (path,) = [path for path in ledger.pages() if path.stem.startswith("01")]
    ids = [name for name, _, _ in ledger.cells(path)]
    reach = ledger.in_reach(path, "c01-010")
    assert "c01-008" in reach and "c01-009" in reach and "c01-011" in reach
    assert "c01-013" not in reach
    assert ids.index("c01-011") == ids.index("c01-010") + 1


def test_an_update_keeps_the_warrants_that_were_given_and_asks_for_new_ones(tmp_path, monkeypatch):
    monkeypatch.setattr(ledger, "LEDGERS", tmp_path)
    page = tmp_path / "page.md"
    page.write_text(PAGE.replace("3 days", "4 days"), encoding="utf-8")
    ledger.update(page)
    rows = ledger.read(page)
    place = [row[2] for row in rows].index("thirteen times")
    assert rows[place][3] == "text"
    file = ledger.ledger_of(page)
    file.write_text(
        file.read_text(encoding="utf-8").replace(
            "thirteen times,text", "thirteen times,calc~:1+12"
        ),
        encoding="utf-8",
    )
    page.write_text(PAGE.replace("3 days", "5 days"), encoding="utf-8")
    ledger.tokens.cache_clear()
    assert any("4 days" in line for line in ledger.difference(page))
    fresh = ledger.update(page)
    assert [(token.text, warrant) for token, warrant in fresh] == [("5 days", "?")]
    assert ledger.read(page)[place][3] == "calc~:1+12"
    ledger.tokens.cache_clear()


# -------------------------------------------------------------------------------- the bibliography


def test_every_source_is_cited_and_every_citation_has_a_source():
    cited = {key for path in ledger.pages() for token in ledger.tokens(path) for key in token.cites}
    for name in ledger.NOT_HELD:
        text = (ROOT / name).read_text(encoding="utf-8")
        for keys in re.findall(r"\{cite:\w+\}`([^`]*)`", text):
            cited |= {key.strip() for key in keys.split(",")}
    held_elsewhere = (ROOT / "book" / "how-to-use.md").read_text(encoding="utf-8")
    cited |= set(re.findall(r"\{cite:\w+\}`(\w+)`", held_elsewhere))
    assert cited == set(ledger.bibliography())


def by_hand(name):
    index = {"networks": "network", "events": "event", "rivals_1998": "method"}[name]
    return list(ledger.table(name, index).values())


@pytest.mark.parametrize("key", ledger.bibliography())
def test_an_entry_of_the_bibliography_has_its_form(key):
    entry = ledger.bibliography()[key]
    year = entry["year"]
    assert re.fullmatch(r"(19|20)\d\d", year)
    # The key is the first author's family name and the year.
    family = unicodedata.normalize("NFKD", ledger.authors(key)[0][0].lower())
    family = "".join(letter for letter in family if not unicodedata.combining(letter))
    assert re.fullmatch(rf"{re.escape(family.split()[0])}{year}b?", key), f"{key}: {family} {year}"
    assert entry["title"] and not entry["title"].endswith(".")
    assert {"journal", "booktitle", "publisher", "howpublished", "doi"} & set(entry)
    if pages_ := entry.get("pages"):
        first, last = map(int, pages_.split("--"))
        assert first < last
    if doi := entry.get("doi"):
        assert re.fullmatch(r"10\.\d{4,5}/\S+", doi)
        said = facts_in_doi(doi)
        for field, text in said.items():
            known = entry.get(field, "").split("--")[0]
            assert not known or known == text, f"{doi} says that {field} is {text}"
        if preprint := re.search(r"arXiv\.(\d\d)(\d\d)\.\d{4,5}$", doi):
            assert 0 <= int(year) - (2000 + int(preprint[1])) <= 2 and 1 <= int(preprint[2]) <= 12
            assert entry.get("howpublished", "").partition("arXiv:")[2] in ("", doi[15:])
    assert entry.get("doi") or entry.get("url") or entry.get("booktitle") or key in WITHOUT_DOI
    for url in re.findall(r"https?://[^}\s]+", " ".join(entry.values())):
        assert url.startswith("https://")


WITHOUT_DOI = {"srivastava2014", "karpathy2022", "werbos1974"}


JOURNALS = {
    "109434": "The International Journal of High Performance Computing Applications",
    "033": "SIAM Journal on Control and Optimization",
}


def facts_in_doi(doi):
    """Return what some DOIs say about the paper: {field: text}."""
    forms = {
        r"10\.1162/neco\.(?P<year>\d{4})\.(?P<volume>\d+)\.(?P<number>\d+)\.(?P<pages>\d+)": {},
        r"10\.1113/jphysiol\.(?P<year>\d{4})\.sp\d{6}": {},
        r"10\.1038/(?P<volume>\d{3})(?P<pages>\d{3})a0": {},
        r"10\.1109/(?:ICPR|ICDAR|CVPR|ICCV)\.(?P<year>\d{4})\.\d+": {},
        r"10\.1007/s11263-015-\d{4}-[\dy]": {"year": "2015"},
        r"10\.1177/109434\d+": {"journal": JOURNALS["109434"]},
        r"10\.1007/3-540-49430-8_\d+": {"volume": "1524"},  # a book's number, and a chapter
        r"10\.1137/033\d{4}": {"journal": JOURNALS["033"]},
    }
    for form, known in forms.items():
        if match := re.fullmatch(form, doi):
            return match.groupdict() | known
    return {}


@pages
def test_whoever_is_named_is_cited_on_the_page(path):
    """A name of an author that no source on the page has is another one's."""
    cites = {key for token in ledger.tokens(path) for key in token.cites}
    linked = {key for row in by_hand("events") for key in row["source"].split()}
    for token in ledger.tokens(path):
        if token.kind == "names":
            for word in token.text.split():
                keys = ledger.known_names().get(word)
                assert not keys or keys & (cites | linked), f"{token.cell}: {word} {token.text}"


# ----------------------------------------------------------------------------- tables made by hand


def test_events_are_of_the_year_of_their_source():
    other = {("1994", "bottou1994"), ("1995", "lecun1998")}  # MNIST, and cheques: "about", "mid"
    rows = by_hand("events")
    for row in rows:
        sources = set(row["source"].split())
        source = ledger.bibliography()[row["source"].split()[-1]]
        assert (row["year"], row["source"]) in other or row["year"] == source["year"], row
        assert row["year"][:3] == re.search(r"\d{4}", row["when"])[0][:3], row
        names = {word for word in re.findall(r"[^\W\d_]+", row["event"]) if word[0].isupper()}
        for name in names & set(ledger.known_names()):
            assert sources & ledger.known_names()[name], f"{name}: {row}"
    assert [row["year"] for row in rows] == sorted(row["year"] for row in rows)


def test_networks_are_of_the_year_of_their_source_or_of_the_paper_that_first_had_them():
    first = {"LeNet-1": "lecun1990", "LeNet-4": "bottou1994"}
    for row in by_hand("networks"):
        source = ledger.bibliography()[first.get(row["network"], row["source"])]
        assert row["year"] == source["year"], row


def test_the_tables_made_by_hand_agree():
    error = {row["method"]: float(row["test_error"]) for row in by_hand("rivals_1998")}
    for row in by_hand("networks"):
        said = ledger._figures(row["error"])
        if "MNIST" in row["error"]:
            assert said == [error[row["network"]]], row
    for row in by_hand("events"):
        for share in re.findall(r"([\d.]+) % error", row["event"]):
            assert float(share) == error["LeNet-5"], row
    facts = ledger.facts()
    (row,) = [row for row in by_hand("networks") if row["network"] == "1989 network"]
    assert ledger._figures(row["error"]) == [
        float(facts[key]["value"]) for key in ("1989-test-error", "1989-test-digits")
    ]


def wrong_digits(share, digits):
    """Return how many of the digits are wrong, if the share was rounded to its places."""
    places = len(share.partition(".")[2])
    near = float(share) / 100 * digits
    return [
        n for n in (int(near), int(near) + 1) if round(100 * n / digits, places) == float(share)
    ]


def test_an_error_is_a_whole_number_of_its_digits():
    for row in by_hand("rivals_1998"):
        share = row["test_error"]
        # 10 000 digits give no third place; what the paper prints in tenths has one place.
        assert re.fullmatch(r"\d+\.\d{1,2}", share), row
        assert wrong_digits(share, 10_000), row
    for key in ledger.facts():
        if key.endswith("test-error"):
            (digits,) = [
                int(row["value"])
                for name, row in ledger.facts().items()
                if name == key.replace("test-error", "test-digits")
            ]
            wrong = int(ledger.facts()[key.replace("test-error", "wrong")]["value"])
            share = ledger.facts()[key]["value"]
            # 102 of 2 007 are 5.08 %: the paper prints 5.0, without rounding.
            assert abs(100 * wrong / digits - float(share)) < 0.1, key
    assert wrong_digits("4.09", 2007) == [82] and not wrong_digits("4.10", 2007)
    assert 9298 == 7291 + 2007


# --------------------------------------------------------------------------------------- pictures


def alt_texts():
    """Yield (page, file of the picture, alternative text) of all pictures in the sources."""
    for path in sorted((ROOT / "book").rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        for name, body in re.findall(r"\{(?:figure|image)\} (\S+\.\w+)\n((?:.*\n)*?)[`:]{3}", text):
            alt = re.search(r"^:alt: (.*)$", body, re.MULTILINE)
            yield path.name, name, alt[1] if alt else ""
        for alt, name in re.findall(r"!\[([^\]]*)\]\(([^)]*)\)", text):
            yield path.name, name, alt
    for path in sorted((ROOT / "chapters").glob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            if any("image/png" in output.get("data", {}) for output in cell.get("outputs", [])):
                look = cell.metadata.get("mystnb", {})
                yield path.name, cell.id, look.get("image", {}).get("alt", "")


def test_an_alternative_text_says_what_the_picture_shows():
    found = list(alt_texts())
    for page, name, alt in found:
        where = f"{page}: {name}: {alt!r}"
        assert len(alt) >= 30 and len(alt.split()) >= 5, where
        assert Path(name).stem.lower() not in alt.lower(), where
        assert not re.search(r"\.(png|svg|jpe?g)\b|_static|^(a |the )?(image|picture) of", alt), (
            where
        )
    assert len(found) >= 70
    assert len({alt for _, _, alt in found}) == len(found), "two pictures have the same text"
    assert ("index.md", "_static/hero.png") in {(page, name) for page, name, _ in found}
