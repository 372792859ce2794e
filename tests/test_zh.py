"""The Chinese edition: nothing is missing, nothing was lost, the two lead to each other."""

import functools
import json
import os
import pickle
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urljoin, urlsplit

import catalogues
import cells
import editions
import ledger
import lettering
import nbformat
import pytest
import translatable
import words
from browsing import (
    CONFIG,
    NARROW,
    OBJECTS_OWN,
    dead_links,
    parsed,
    search,
    serve,
    until,
    visit,
)
from bs4 import BeautifulSoup

pytestmark = pytest.mark.book

ROOT = Path(__file__).parent.parent

PAGES = catalogues.translated_pages()
CHINESE = re.compile(r"[\u4e00-\u9fff]")
COMMAND = [sys.executable, "-m", "sphinx", "-c", str(ROOT / "locale"), "-n", "--keep-going", "-q"]


@pytest.fixture(scope="session")
def extracted(tmp_path_factory):
    """Start to extract the texts of the book anew; wait for it and return the folder."""
    folder = tmp_path_factory.mktemp("gettext")
    command = [*COMMAND, "-b", "gettext", "-D", "language=en", str(ROOT), str(folder / "out")]
    started = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8"
    )

    @functools.cache
    def finish():
        said = started.communicate()[0]
        assert started.returncode == 0, said[-4000:]
        return folder / "out"

    yield finish
    started.kill()


@pytest.fixture(scope="session")
def both(site, extracted, tmp_path_factory):
    """Return the English site, copied, with the Chinese edition built into it."""
    folder = tmp_path_factory.mktemp("both") / "_build"
    shutil.copytree(site, folder / "html")
    command = [*COMMAND, "-W", "-b", "html", str(ROOT), str(folder / "html-zh")]
    built = subprocess.run(command, capture_output=True, encoding="utf-8")
    assert built.returncode == 0, built.stdout[-4000:] + built.stderr[-4000:]
    assert (folder / "html-zh" / "index.html").is_file()
    return folder / "html"


# ----------------------------------------------------------------------------------- the catalogues


def test_index_errata_glossary_and_the_core_chapters_are_translated():
    core = {f"chapters/{name.stem}" for name in ROOT.glob("chapters/0[1-68]-*.ipynb")}
    assert len(core) == 7
    assert core | {"book/index", "book/errata", "book/glossary"} <= set(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_a_catalogue_is_complete_and_in_step_with_its_page(extracted, page):
    file = catalogues.LOCALE / f"{page}.po"
    now = catalogues.merge(
        catalogues.read(file), catalogues.read(extracted() / f"{page}.pot", locale=None)
    )
    assert not catalogues.unfinished(now), "run `make catalogues` and translate what it names"
    assert catalogues.as_text(now) == file.read_text(encoding="utf-8"), "run `make catalogues`"


def test_a_changed_a_new_and_a_removed_sentence_are_noticed(tmp_path):
    texts = [("Kernels are small.", "卷积核很小。"), ("Maps are large.", "图很大。")]
    old, new = catalogues.Catalog(locale="zh_CN"), catalogues.Catalog()
    for text, translation in texts:
        old.add(text, translation)
    for text in ("Kernels are very small.", "Nothing else like it"):
        new.add(text)
    now = catalogues.merge(old, new)
    assert catalogues.unfinished(now) == ["Kernels are very small.", "Nothing else like it"]
    assert now["Kernels are very small."].string == "卷积核很小。"  # to begin from
    assert "Maps" not in catalogues.as_text(now)


# ------------------------------------------------------------------------ what a translation keeps

ROLE = re.compile(r"\{([\w:]+)\}`([^`]*)`")
CODE = re.compile(r"(`+)(.+?)\1")
MATH = re.compile(r"\$([^$]+)\$")
WORDED = re.compile(r"\\text\{[^}]*\}")  # words in a formula
LINK = re.compile(r"\]\(([^)]*)\)")
NUMBER = re.compile(r"\d{1,3}(?:[,\u00a0\u202f]\d{3})+(?!\d)|\d+(?:\.\d+)?")
DECADE = re.compile(r"\b(\d\d)(\d)0s\b")
WORDS = "zero one two three four five six seven eight nine ten eleven twelve".split()
WORDS = {word: n for n, word in enumerate(WORDS)}
WORDS |= {"thirteen": 13, "fourteen": 14, "twenty": 20, "fifty": 50}
SCALES = {"million": 1e6, "billion": 1e9, "万": 1e4, "亿": 1e8}
TENTH = "a tenth of a per cent"  # in Chinese 0.1 percentage points


def numbers(text):
    """Count the numbers of a text, in either language."""
    text = text.replace(TENTH, "0.1 points")
    text = DECADE.sub(lambda m: f"{int(m[1]) + 1} {m[2]}0", text)
    found = []
    for match in NUMBER.finditer(text):
        value = float(re.sub(r"[,\u00a0\u202f]", "", match[0]))
        after = text[match.end() :].lstrip("\u00a0 ")
        scale = next((SCALES[word] for word in SCALES if after.startswith(word)), 1)
        if re.match(r"(?:(?:, [\d.]+)* )?(?:and|to) [\d.]+ million", after):
            scale = 1e6
        found.append(float(f"{value * scale:.9g}"))
    return Counter(found)


def _title(content):
    found = re.fullmatch(r"(.*?)\s*<[^>]+>", content)
    return f" {found[1] if found else content} "


def parts(text):
    """Take a text apart: what must stand in its translation too, and its numbers."""
    kept = Counter()
    for role, content in ROLE.findall(text):
        target = re.search(r"<([^>]+)>$", content)
        kept[f"{role} {target[1] if target else content}".casefold()] += 1
    text = ROLE.sub(lambda role: _title(role[2]), text)  # a title has numbers of its own
    kept.update(f"code {code}" for _, code in CODE.findall(text))
    text = CODE.sub(" ", text)
    kept.update(f"math {WORDED.sub('', math)}" for math in MATH.findall(text))
    text = MATH.sub(" ", text)
    kept.update(f"link {link}" for link in LINK.findall(text))
    return kept, numbers(LINK.sub("]", text))


def lost(text, translation):
    """Say what a translation lost or made up."""
    (kept, figures), (kept_too, figures_too) = parts(text), parts(translation)
    if CHINESE.search(text):  # a quotation and, in English, its translation
        figures, figures_too = Counter({*figures}), Counter({*figures_too})
    said = [f"lost: {part}" for part in kept - kept_too]
    said += [f"made up: {part}" for part in kept_too - kept]
    said += [f"lost: {number:g}" for number in figures - figures_too]
    words = [word.removesuffix("s") for word in re.findall(r"[a-z]+", text.lower())]
    spelt = Counter(WORDS[word] for word in words if word in WORDS)
    said += [f"made up: {number:g}" for number in figures_too - figures - spelt]
    return said


def messages():
    for page in PAGES:
        for message in catalogues.read(catalogues.LOCALE / f"{page}.po"):
            if message.id:
                yield page, message.id, message.string


def test_translations_keep_roles_code_formulas_links_and_numbers():
    wrong = {(page, text): said for page, text, zh in messages() if (said := lost(text, zh))}
    assert not wrong, "\n".join(f"{key}: {said}" for key, said in wrong.items())


def test_what_is_lost_is_noticed():
    for pattern in (ROLE, CODE, MATH, LINK, re.compile(r"\d{3,}|\d\.\d+")):
        tried = 0
        for _, text, translation in messages():
            if pattern.search(translation):
                tried += 1
                assert lost(text, pattern.sub("", translation, count=1)), translation
        assert tried >= 3, pattern
    assert lost("In the 1980s, 60 million", "20 世纪 90 年代，6000 万") == [
        "lost: 80",
        "made up: 90",
    ]
    assert not lost("In the 1980s, 60 million", "20 世纪 80 年代，6000 万")


def plain(text):
    """Return the words of a text, in small letters, without code, formulas and targets."""
    text = text.replace(TENTH, "0.1 points")
    text = ROLE.sub(lambda m: re.sub(r" *<[^>]*>", "", m[2]), text)
    return LINK.sub("]", MATH.sub(" ", CODE.sub(" ", text))).lower()


# In each row two or three words that a slip can exchange: what says it in English, and in Chinese.
CONTRASTS = {
    "side": {"left": (r"\bleft", "左"), "right": (r"\bright", "右")},
    "grid": {
        "row": (r"\brows?\b|\bline", "(?<![进运执并平可不银])行(?![为得列走])"),
        "column": (r"\bcolumns?\b", "(?<![排系序数])列(?![出表])"),
    },
    "end": {"input": (r"\binput", "输入"), "output": (r"\boutput", "输出")},
    "set": {
        "training": (r"\btrain|\blearn", "训练"),
        "test": (r"\btest", "测试"),
        "validation": (r"\bvalidation", "验证"),
    },
    "pool": {
        "most": (r"\bmax|largest|\bmost\b", "最大|最多"),
        "mean": (r"\baverage|\bmean", "平均"),
        "least": (r"smallest|fewest|least|\bmin", "最小|最少"),
    },
    "trend": {
        "up": (r"\bris(?:e|es|ing)\b|\brose\b|\bup\b|grow", "上升|升高|增大"),
        "down": (r"\bfall|\bfell\b|\bdown\b|shrink|descen", "下降|降低|减小"),
    },
    "sign": {
        "plus": (r"\bpositive|\bplus\b", "正值|正数|(?<!真)正的|为正|正一"),
        "minus": (r"\bnegative|\bminus\b", "负(?![责担])"),
    },
    "place": {"first": (r"\bfirst\b", "第一"), "last": (r"\blast\b|\bend|final", "最后")},
    "light": {
        "bright": (r"\bbright|\blight|\bwhite", "明亮|更亮|亮的|白色|浅"),
        "dark": (r"\bdark|\bblack", "暗的|更暗|黑色|深色|深蓝|越深|最深|下深|深的"),
    },
    "hue": {
        "blue": (r"\bblue", "蓝"),
        "yellow": (r"\byellow", "黄"),
    },
    "large": {
        "large": (r"\blarge\b(?! enough)", "值越大"),
        "small": (r"\bsmall\b", "值越小"),
    },
    "than": {
        "above": (r"\babove|\bmore|higher|larger|over\b", "高于|大于|多于|超过|更多|更大"),
        "below": (r"\bbelow|\bless|\bfewer|lower|smaller|under\b", "低于|小于|少于|更少|更小"),
    },
    "time": {
        "before": (r"\bbefore|\bago\b|earlier|in front|so far", "之前|以前"),
        "after": (r"\bafter|later|\bthen\b|since", "之后|以后"),
    },
    "edge": {
        "upper": (r"\bupper|\btop\b|\babove", "上边|上角"),
        "lower": (r"\blower|\bbottom|\bbelow", "下边|下角"),
    },
}


def named(text, contrast, language):
    """Return which words of a contrast a text has, in their order."""
    found = [
        (match.start(), name)
        for name, patterns in CONTRASTS[contrast].items()
        for match in re.finditer(patterns[language], plain(text))
    ]
    return [name for _, name in sorted(found)]


def exchanged(text, translation):
    """Return the contrasts of which a translation has the other word."""
    said = []
    for contrast in CONTRASTS:
        english, chinese = (named(one, contrast, n) for n, one in enumerate((text, translation)))
        if english and set(chinese) - set(english) and not set(english) & set(chinese):
            said.append(contrast)
        # Where the words say where a thing is, their order counts as well.
        rest = iter(english)
        if contrast in ("side", "sign", "hue", "edge") and not all(one in rest for one in chinese):
            said.append(contrast)
    return said


def test_a_translation_exchanges_no_left_and_right():
    for page, text, translation in messages():
        if said := exchanged(text, translation):
            pytest.fail(f"{page}: {said}: {text}: {translation}")


@pytest.mark.parametrize("contrast", CONTRASTS)
def test_an_exchange_is_noticed(contrast):
    """Most sentences that have only one word of a contrast, in both languages."""
    tried = noticed = 0
    words = {name: pattern.split("|")[0] for name, (_, pattern) in CONTRASTS[contrast].items()}
    words = {name: re.sub(r"\(.*?\)", "", word) for name, word in words.items()}
    for _, text, translation in messages():
        english, chinese = (named(one, contrast, n) for n, one in enumerate((text, translation)))
        if len(set(chinese)) == 1 and set(english) == set(chinese):
            (name,) = set(chinese)
            other = next(word for one, word in words.items() if one != name)
            wrong = re.sub(CONTRASTS[contrast][name][1], other, translation)
            tried += 1
            noticed += contrast in exchanged(text, wrong)
    assert tried >= 2 and noticed >= 0.9 * tried, f"{noticed} of {tried}"


DIGIT = {sign: n for n, sign in enumerate("零一二三四五六七八九")} | {"两": 2}
SCALE = {"十": 10, "百": 100, "千": 1_000, "万": 10_000}
NUMERAL = re.compile(
    "(?<![统唯单])(?!四周|三角|百分)[二两三四五六七八九十百千][一二三四五六七八九十百千万]*"
)
ORDINALS = "third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split()
ORDINALS = {word: n for n, word in enumerate(ORDINALS, 3)} | {"twentieth": 20, "hundredth": 100}
SPELT = {word: n for n, word in enumerate(ledger.ONES)} | ledger.TENS
SPELT |= ORDINALS | {"quarter": 4, "hundred": 100, "thousand": 1_000, "dozen": 12}
SPELT |= {"thirteenth": 13, "thousandth": 1_000}
LOOSE = {"million": 1e6, "billion": 10, "decade": 10}  # in Chinese 百万, 十亿, 几十年


def numeral(text):
    """Return the value of a Chinese numeral: 十二 is 12, 五百万 is 5 million."""
    total = digit = 0
    for sign in text:
        if sign in DIGIT:
            digit = DIGIT[sign]
        elif sign == "万":
            total, digit = ((total + digit) or 1) * SCALE[sign], 0
        else:
            total, digit = total + (digit or 1) * SCALE[sign], 0
    return total + digit


def spelt(text):
    """Return the numbers above two that a text has in words, and all that it has in digits."""
    text = re.sub("tens of thousands|ten thousand|a few dozen", "many", plain(text))  # 几万
    pairs = re.findall(rf"\b({'|'.join(ledger.TENS)})-({'|'.join(ledger.ONES)})\b", text)
    for ten, one in pairs:
        text = text.replace(f"{ten}-{one}", str(SPELT[ten] + SPELT[one]))
    words = {word.removesuffix("s") for word in re.findall(r"[a-z]+", text)}
    found = {SPELT[word] for word in words | {w + "s" for w in words} if word in SPELT}
    found |= {numeral(one) for one in NUMERAL.findall(text)}
    digits = {float(one) for one in re.findall(r"\d+", re.sub(r"(?<=\d)\u00a0", "", text))}
    return found, digits


def respelt(text, translation):
    """Return the number words that one of the two has, and the other neither so nor in digits."""
    (words, digits), (words_too, digits_too) = spelt(text), spelt(translation)
    scales = (1, 100, 1e3, 1e4, 1e6)
    known = {one * scale for one in words | digits for scale in scales}
    known |= {value for word, value in LOOSE.items() if word in text}
    known_too = {one / scale for one in words_too | digits_too for scale in scales}
    said = (words_too - known) | (words - known_too - {100, 1_000})
    return {one for one in said if one > 2}


def test_numbers_in_words_are_the_same_in_both_languages():
    assert [numeral(one) for one in ("十", "十三", "二十五", "三百", "五百万", "两千")] == [
        10,
        13,
        25,
        300,
        5_000_000,
        2_000,
    ]
    wrong = {text: said for _, text, zh in messages() if (said := respelt(text, zh))}
    assert not wrong, wrong


def test_a_number_word_that_is_changed_is_noticed():
    tried = noticed = 0
    for _, text, translation in messages():
        for match in NUMERAL.finditer(translation):
            if numeral(match[0]) > 2:
                others = ("十七", "十八", "十九")
                others = [one for one in others if one != match[0]]
                other = next(one for one in others if str(numeral(one)) not in text)
                wrong = translation[: match.start()] + other + translation[match.end() :]
                tried += 1
                noticed += bool(respelt(text, wrong))
    assert tried > 200 and noticed == tried


def test_a_term_is_called_what_the_glossary_calls_it():
    glossary = {}
    for message in catalogues.read(catalogues.LOCALE / "book/glossary.po"):
        glossary[message.id] = message.string
    called = Counter()
    for page, _, translation in messages():
        for content in re.findall(r"\{term\}`([^`]*)`", translation):
            shown, target = re.fullmatch(r"(.*) <([^>]+)>", content).groups()
            known = glossary[target]
            assert shown == known or not CHINESE.search(shown), f"{page}: {shown}, not {known}"
            called[target] += 1
    assert len(called) >= 40


def test_a_glossary_entry_gives_both_names():
    entries = [m for m in catalogues.read(catalogues.LOCALE / "book/glossary.po") if m.id]
    for term, meaning in zip(entries[2::2], entries[3::2], strict=True):
        assert meaning.id.startswith(f"({term.string}) ")
        assert meaning.string.startswith(f"（{term.id}）")


def test_most_of_a_translation_is_chinese():
    for page, text, translation in messages():
        plain = re.sub(r"\W|\d", "", LINK.sub("]", MATH.sub("", CODE.sub("", ROLE.sub("", text)))))
        if len(plain) > 40 and not text.startswith("\n"):  # a formula
            assert len(CHINESE.findall(translation)) >= len(plain) / 8, f"{page}: {translation}"


def test_the_words_on_a_folded_cell_are_in_chinese_when_it_is_unfolded_too():
    for page, text, translation in messages():
        if text.startswith("Show ") and not text.endswith((".", ")")):
            assert translation.startswith("显示"), f"{page}: {translation}"
    cell = {"prompt_show": "Show the picture", "prompt_hide": "Hide the picture"}
    carrier = translatable.Carrier(message="", target=cell, place="prompt_show")
    carrier.apply_translated_message("Show the picture", "显示图的代码")
    assert cell == {"prompt_show": "显示图的代码", "prompt_hide": "隐藏图的代码"}


# ----------------------------------------------------------------------------------- the two sites


def test_translated_pages_are_in_chinese(both):
    for page in PAGES:
        html = parsed(both / "zh" / f"{page}.html")
        assert html.html["lang"] == "zh-CN"
        assert CHINESE.search(html.title.text)
        article = BeautifulSoup(str(html.article), "html.parser")
        assert not article.select(".untranslated, [lang=en]")
        for other in article.select(
            "pre, code, script, math, .math, table.dataframe, cite, .citation"
        ):
            other.decompose()
        letters = re.findall(r"[A-Za-z\u4e00-\u9fff]", article.text)
        share = sum(1 for letter in letters if CHINESE.match(letter)) / len(letters)
        assert not re.search(r"\b(?:Show|Hide) ", article.text), page
        assert share > (0.3 if page in ("book/references", "book/glossary") else 0.6), (page, share)
        for picture in html.article.find_all("img"):
            assert CHINESE.search(picture["alt"]), picture["alt"]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_stored_without_the_documents_that_its_texts_were_parsed_as(both, page):
    """They made each page sixteen times as large, and the build half as long again."""
    file = both.parent / "html-zh" / ".doctrees" / f"{page}.doctree"
    tree = pickle.loads(file.read_bytes())
    assert all(node.document is tree for node in tree.findall())


def test_no_space_parts_chinese_words_on_a_page(both):
    """Where a title, a number or a link is put in, too."""
    found = []
    for page in PAGES:
        article = BeautifulSoup(str(parsed(both / "zh" / f"{page}.html").article), "html.parser")
        for other in article.select("template, pre, svg, script, table.dataframe"):
            other.decompose()
        for other in article.select("code, math, .math, .katex"):
            other.replace_with("x")
        for block in article.select("p, li, td, th, dt, dd, summary, h1, h2, h3, h4"):
            if not block.find(["p", "li", "dl", "table"]):
                text = re.sub(r"[ \n]+", " ", block.text).strip()
                found += [f"{page}: {text}"] if words.GAP.search(text) else []
    assert not found, "\n".join(found)


def test_the_title_of_a_chinese_exercise_has_no_narrow_brackets(both):
    article = parsed(both / "zh" / "chapters/07-why-it-works.html").article
    titles = [tag.text for tag in article.select(".exercise > p, .solution > p")]
    assert any(re.fullmatch(r"练习 7\.1 +★ \w.*", title) for title in titles), titles
    assert any(re.fullmatch(r"解答：练习 7\.1 ★ \w.*", title) for title in titles), titles
    assert not [title for title in titles if "(★" in title]


def test_a_name_in_a_formula_is_slanted_and_what_is_stressed_is_bold(both):
    slanted = parsed(both / "zh" / "chapters/10-what-came-after.html").article.select("em.latin")
    assert {"x", "f"} <= {tag.text for tag in slanted}
    assert not [tag.text for tag in slanted if CHINESE.search(tag.text)]


def test_the_page_404_is_in_chinese(both):
    page = parsed(both / "zh" / "404.html")
    assert page.title.text.startswith("找不到页面") and page.h1.text.startswith("找不到页面")
    assert not re.search(r"[a-z]{3}", page.article.text)


def test_words_in_formulas_are_in_chinese(both):
    """But for those that are one name, as an index is."""
    seen = 0
    for page in PAGES:
        for source in parsed(both / "zh" / f"{page}.html").select("article annotation"):
            for said in re.findall(r"(_\{)?\\text\{([^}]*)\}", source.text):
                assert said[0] or not re.search("[A-Za-z]{2}", said[1]), f"{page}: {source.text}"
                seen += bool(CHINESE.search(said[1]))
    assert seen >= 10


def test_a_character_with_several_sounds_stands_where_its_term_is_said(both):
    terms = [term.text for term in parsed(both / "zh/book/glossary.html").select("dl.glossary dt")]
    places = [next(n for n, term in enumerate(terms) if term.startswith(one)) for one in "池弹特"]
    assert places == sorted(places)


def test_the_index_has_the_terms_under_the_letter_they_are_said_with(both):
    page = parsed(both / "zh/genindex.html")
    letters = [heading.text.strip() for heading in page.select("h2[id]")]
    assert letters == sorted(letters) and all(re.fullmatch("[A-Z]", one) for one in letters)
    found = {}
    for heading in page.select("h2[id]"):
        names = [item.find(string=True).strip() or item.a.text.strip()
                 for item in heading.find_next("table").select("td > ul > li")]  # fmt: skip
        chinese = [bool(CHINESE.match(name)) for name in names]
        assert chinese == sorted(chinese), names  # the English ones first
        found |= dict.fromkeys(names, heading.text.strip())
    want = {"卷积": "J", "池化": "C", "学习率": "X", "填充": "T", "准确率": "Z", "感受野": "G"}
    assert {name: found[name] for name in want} == want
    assert sum(bool(CHINESE.match(name)) for name in found) >= 100


@pytest.mark.parametrize(
    ("term", "letter"),
    [
        ("阿", "A"),
        ("卷积", "J"),
        ("弹性", "T"),
        ("座", "Z"),
        ("匝", "Z"),
        ("压", "Y"),
        ("鑫", "鑫"),
    ],
)
def test_the_letter_of_a_term_is_that_of_its_sound(term, letter):
    assert editions.initial(term) == letter


def test_other_pages_say_that_they_are_in_english(both):
    others, given_up = 0, CONFIG["sphinx"]["config"]["redirects"]
    for file in editions.pages(both / "zh"):
        page = file.relative_to(both / "zh").with_suffix("").as_posix()
        if page not in {*PAGES, *given_up} and page.startswith(("book/", "chapters/")):
            html = parsed(file)
            assert CHINESE.search(html.select_one("article p.untranslated").text), page
            assert html.select_one("article div[lang=en] h1"), page
            others += 1
    assert others


def test_no_link_leads_to_an_english_page_without_saying_so(both):
    """The menu, the pages before and after, the cards and the paths, and the links in a text."""
    given_up, marked = {*CONFIG["sphinx"]["config"]["redirects"]}, Counter()
    for page in PAGES:
        file = both / "zh" / f"{page}.html"
        for link in parsed(file).select("a[href]:not(.language-switch)"):
            address = link["href"].partition("#")[0]
            if not address.endswith(".html") or "://" in address:
                continue
            target = Path(os.path.normpath(file.parent / address))
            assert target.is_relative_to(both / "zh"), (page, address)
            name = target.relative_to(both / "zh").with_suffix("").as_posix()
            if name.startswith(("book/", "chapters/")) and name not in {*PAGES, *given_up}:
                said = link.get_text() + link.get("title", "")
                assert "（英文）" in said, (page, str(link)[:200])
                marked[name] += 1
    assert marked["book/api"] >= 40
    for deck in (both / "zh" / "slides").iterdir():
        assert parsed(deck).html["lang"] == "zh-CN"


CELLS = ".cell_output table.dataframe :is(th, td)"


def test_both_editions_show_the_same_code_outputs_pictures_and_anchors(both):
    comments, tables = (lettering.read(ROOT, "zh_CN", name) for name in ("comments", "tables"))

    def shown(what, text):
        if what == ".cell_input pre":
            return cells.with_comments(text.rstrip("\n"), comments)
        return text.strip()

    for page in PAGES:
        english, chinese = (parsed(both / f"{where}{page}.html") for where in ("", "zh/"))
        for what in (".cell_input pre", ".cell_output pre"):
            assert [shown(what, tag.text) for tag in english.select(what)] == [
                tag.text.strip("\n") if "input" in what else tag.text.strip()
                for tag in chinese.select(what)
            ], page
        words = [
            [cell.text.strip().replace("\u00a0", " ") for cell in html.select(CELLS)]
            for html in (english, chinese)
        ]
        assert [
            one if lettering.is_name(one) else lettering.translated(one, tables) for one in words[0]
        ] == words[1], page
        pictures = [
            [tag["src"].rpartition("/")[2] for tag in html.article.find_all("img")]
            for html in (english, chinese)
        ]
        assert pictures[0] == pictures[1], page
        places = "[id]:is(section, dt, figure, fieldset, .admonition)"
        anchors = [
            {tag["id"] for tag in html.article.select(places)} for html in (english, chinese)
        ]
        assert anchors[0] == anchors[1], page


def test_figures_speak_the_language_of_their_edition(both):
    for where in ("", "zh/"):
        words = Counter()
        for page in PAGES:
            for picture in parsed(both / f"{where}{page}.html").select("article img.for-dark"):
                for form in (".night.svg", ".svg"):
                    name = picture["src"].replace(".night.svg", form)
                    text = (both / where / page).parent.joinpath(name).read_text(encoding="utf-8")
                    words["chinese"] += bool(CHINESE.search(text))
                    words["figures"] += 1
        assert words["figures"] > 150
        assert words["chinese"] == 0 if not where else words["chinese"] > 120


def test_the_button_of_a_chinese_chapter_hands_out_a_chinese_notebook(both):
    handed = 0
    for page in PAGES:
        if not page.startswith("chapters/"):
            continue
        html = parsed(both / "zh" / f"{page}.html")
        (address,) = {a["href"] for a in html.find_all("a", href=True) if ".ipynb" in a["href"]}
        file = (both / "zh" / page).parent / address
        notebook = nbformat.read(file, as_version=4)
        title = re.match(r"(?s).*?^# (.+?)$", notebook.cells[0].source, re.M)[1]
        assert title == html.select_one("article h1").find(string=True, recursive=False).strip()
        assert CHINESE.search(title), page
        english = nbformat.read(ROOT / f"{page}.ipynb", as_version=4)
        assert [cell.id for cell in notebook.cells] == [cell.id for cell in english.cells]
        handed += 1
    assert handed >= 14


#: What the article asks or answers from which the book grew, in the words of the Chinese first
#: page; and the page and the section that answer it.
ASKED = {
    "LeNet 是谁创建的": "chapters/01-history.html#sec-story",
    "卷积层、池化层和全连接层等技术": "book/errata.html#err-13",
    "为识别什么而开发": "book/errata.html#err-1",
    "首先应用于 MNIST": "book/errata.html#err-2",
    "由哪几层组成": "chapters/03-output-size.html#sec-walk",
    "32×32 还是 28×28": "book/errata.html#err-5",
    "为什么用卷积层": "chapters/02-layer-by-layer.html#sec-two-demands",
    "6 个 5×5 的过滤器": "chapters/02-layer-by-layer.html#sec-c1",
    "什么是子采样": "chapters/02-layer-by-layer.html#sec-s2",
    "平均池化还是最大池化": "book/errata.html#err-4",
    "为什么用一张表": "chapters/08-as-published-1998.html#sec-c3-1998",
    "C5：是卷积层还是全连接层": "chapters/02-layer-by-layer.html#sec-c5",
    "为什么是 84 个神经元": "chapters/08-as-published-1998.html#sec-codes",
    "用 softmax，还是用距离": "book/errata.html#err-7",
    "层次化结构": "chapters/02-layer-by-layer.html#sec-c3",
    "非线性激活函数有什么用": "chapters/02-layer-by-layer.html#sec-nonlinearity",
    "Sigmoid 还是双曲正切": "book/errata.html#err-11",
    "较少的参数": "chapters/07-why-it-works.html#sec-fewer-parameters",
    "参数共享降低了计算复杂度": "book/errata.html#err-14",
    "池化层降低了参数计数": "book/errata.html#err-10",
    "序列化模型": "book/errata.html#err-9",
    "卷积后图像的大小怎样计算": "chapters/03-output-size.html#sec-formula",
    "LeNet 有哪些优势": "chapters/07-why-it-works.html#sec-verdict",
    "AlexNet、VGG 和 ResNet": "chapters/10-what-came-after.html#sec-what-remained",
    "能运行的实现代码": "chapters/05-training-with-keras.html#sec-whole-program",
    "为什么要除以 255": "chapters/06-when-training-fails.html#sec-inputs",
    "compile 里的": "chapters/05-training-with-keras.html#sec-compile",
    "可以当 validation_data 用吗": "book/errata.html#err-12",
    "测试准确率": "chapters/05-training-with-keras.html#sec-test-once",
}


def led_to(site, name):
    """Return where the text and the contents of a page lead to, as addresses below the site."""
    found = parsed(site / name).select("article a[href], .bd-sidebar-secondary a[href]")
    places = (urljoin(name, link["href"]) for link in found)
    return {place for place in places if not urlsplit(place).scheme}


def test_what_the_article_asks_is_answered_within_two_clicks(both):
    site, start = both / "zh", "book/index.html"
    once = led_to(site, start)
    pages = {page for page in (place.split("#")[0] for place in once) if (site / page).is_file()}
    twice = once.union(*(led_to(site, page) for page in pages if page.endswith(".html")))
    rows = parsed(site / start).select("#questions-people-ask details li")
    assert len(rows) == len(ASKED)
    for asked, target in ASKED.items():
        page, _, anchor = target.partition("#")
        assert page.removesuffix(".html") in PAGES, f"{page} is in English"
        assert parsed(site / page).select_one(f"article #{anchor}"), target
        assert target in twice, asked
        (row,) = [row for row in rows if asked in row.get_text()]
        assert [urljoin(start, link["href"]) for link in row.select("a")] == [target], asked


def test_every_link_of_the_chinese_edition_resolves(both):
    files = [file for file in editions.pages(both / "zh") if file.name != "404.html"]
    dead, followed = dead_links(both, files)  # the links of the 404 begin at the root
    assert not dead
    assert len(files) >= 15 and followed > 500


def test_a_page_links_to_itself_in_the_other_language(site, both):
    found = Counter()
    for where, language in (("", "zh-CN"), ("zh/", "en")):
        for file in editions.pages(both / where):
            for switch in parsed(file).select("a.language-switch"):
                assert switch["lang"] == switch["hreflang"] == language
                other = Path(os.path.normpath(file.parent / switch["href"]))
                assert other.relative_to(both / "zh" if language == "zh-CN" else both) == (
                    file.relative_to(both / where)
                )
                found[language] += 1
    assert found["en"] == found["zh-CN"] >= 12
    # Beside the site, too, and nowhere as long as there is no other edition.
    beside = both.parent / "html-zh" / "chapters" / "01-history.html"
    assert (
        parsed(beside).select_one("a.language-switch")["href"]
        == "../../html/chapters/01-history.html"
    )
    assert not parsed(site / "chapters" / "01-history.html").select("a.language-switch")


@pytest.mark.parametrize("base", ["", "https://example.org/lenet/"])
def test_search_engines_hear_of_both_editions_where_the_address_is_known(tmp_path, base):
    for name in ("index.html", "chapters/one.html", "zh/chapters/one.html"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"<html><head></head><body>{editions.MARK}</body></html>", encoding="utf-8")
    editions.link(tmp_path, tmp_path / "zh", "zh-CN", base)
    page = BeautifulSoup(
        (tmp_path / "chapters/one.html").read_text(encoding="utf-8"), "html.parser"
    )
    assert page.select_one("a.language-switch")["href"] == "../zh/chapters/one.html"
    alternates = {tag["hreflang"]: tag["href"] for tag in page.head.find_all("link")}
    assert alternates == (
        {
            "en": base + "chapters/one.html",
            "zh-CN": base + "zh/chapters/one.html",
            "x-default": base + "chapters/one.html",
        }
        if base
        else {}
    )
    (tmp_path / "chapters/one.html").write_text(
        f"<head></head><body>{editions.MARK}</body>", encoding="utf-8"
    )
    (tmp_path / "zh/chapters/one.html").write_text(
        f"{editions.MARK}<p {editions.NOTE}>", encoding="utf-8"
    )
    editions.link(tmp_path, tmp_path / "zh", "zh-CN", base)
    page = BeautifulSoup(
        (tmp_path / "chapters/one.html").read_text(encoding="utf-8"), "html.parser"
    )
    assert page.select_one("a.language-switch")
    assert not page.find_all("link")  # it is no translation
    assert editions.MARK in (tmp_path / "index.html").read_text(encoding="utf-8")  # has no other
    assert editions.MARK in (tmp_path / "zh/chapters/one.html").read_text(
        encoding="utf-8"
    )  # is not ours


@pytest.mark.parametrize(
    ("language", "expected"),
    [("en", "https://example.org/lenet/"), ("zh_CN", "https://example.org/lenet/zh/")],
)
def test_the_chinese_edition_has_an_address_inside_that_of_the_site(language, expected):
    for base in ("https://example.org/lenet", "https://example.org/lenet/", ""):
        config = SimpleNamespace(language=language, html_baseurl=base)
        editions.address(None, config)
        assert config.html_baseurl.rstrip("/") == (expected.rstrip("/") if base else "")


def test_the_english_edition_built_again_finds_the_chinese_one_inside_it(tmp_path):
    for name in ("index.html", "book/api.html", "zh/index.html"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"<html><head></head><body>{editions.MARK}</body></html>", encoding="utf-8")
    config = SimpleNamespace(language="en", html_baseurl="")
    editions.join(
        SimpleNamespace(builder=SimpleNamespace(format="html"), outdir=tmp_path, config=config),
        None,
    )
    assert 'href="zh/index.html"' in (tmp_path / "index.html").read_text(encoding="utf-8")
    assert editions.MARK in (tmp_path / "book/api.html").read_text(encoding="utf-8")
    assert editions.MARK in (tmp_path / "zh/index.html").read_text(encoding="utf-8")


def test_no_chinese_page_names_a_path_of_this_machine(both):
    for file in (both / "zh").rglob("*"):
        if file.suffix in (".html", ".js", ".json", ".txt", ".ipynb"):
            assert str(ROOT) + "/" not in file.read_text(errors="replace", encoding="utf-8"), file


# ----------------------------------------------------------------------------------- in the browser


@pytest.fixture(scope="module")
def address(both):
    with serve(both) as started:
        yield started


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["http", "file"])
def test_the_switch_leads_to_the_other_language_and_back(browser, both, address, scheme, width):
    start = address if scheme == "http" else both.as_uri()
    page, _, problems = visit(browser, f"{start}/chapters/03-output-size.html", width=width)
    for name, where, language in (("中文", "/zh", "zh-CN"), ("English", "", "en")):
        switch = page.get_by_role("link", name=name, exact=True)
        assert switch.is_visible()
        box = switch.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width
        if where:
            switch.click()
        else:
            switch.focus()
            page.keyboard.press("Enter")
        page.wait_for_url(f"{start}{where}/chapters/03-output-size.html")
        assert page.evaluate("document.documentElement.lang") == language
    assert not problems
    page.context.close()


@pytest.mark.browser
@pytest.mark.parametrize("link", ["#padding", "#term-kernel", "#layer=1.9.c1k4s2at", ""])
def test_the_switch_keeps_the_place(browser, address, link):
    name = "book/glossary.html" if "term" in link else "chapters/03-output-size.html"
    page, _, problems = visit(browser, f"{address}/zh/{name}{link}")
    if not link:  # who has scrolled is led to the section that stood at the top
        page.evaluate("document.getElementById('stride').scrollIntoView()")
    page.locator("a.language-switch").evaluate("link => link.click()")
    page.wait_for_url(f"{address}/{name}{link or '#stride'}")
    page.locator("a.language-switch").evaluate("link => link.click()")
    page.wait_for_url(f"{address}/zh/{name}{link or '#stride'}")
    assert not problems
    page.context.close()


@pytest.mark.browser
def test_the_switch_leads_from_the_top_of_a_page_to_the_top(browser, address):
    page, _, _ = visit(browser, f"{address}/zh/chapters/03-output-size.html#padding")
    page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
    page.locator("a.language-switch").evaluate("link => link.click()")
    page.wait_for_url(f"{address}/chapters/03-output-size.html")
    page.context.close()


@pytest.mark.browser
@pytest.mark.parametrize("name", PAGES)
def test_a_chinese_page_fits_a_phone_and_asks_no_other_host(browser, address, name):
    page, requests, problems = visit(browser, f"{address}/zh/{name}.html", width=390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate(NARROW) == []
    assert not [url for url in requests if not url.startswith((address, "data:", "blob:"))]
    assert not problems
    page.context.close()


#: What is asked, the section that comes first, and what is marked there.
SOUGHT = {
    "权重共享": ("chapters/01-history.html#zip-codes-on-letters", "权重共享"),
    "参数共享": ("chapters/01-history.html#zip-codes-on-letters", "权重共享"),
    "下采样": ("chapters/08-as-published-1998.html#s2-and-s4-trained-subsampling", "下采样"),
    "子采样": ("chapters/08-as-published-1998.html#s2-and-s4-trained-subsampling", "下采样"),
    "特征图": ("chapters/07-why-it-works.html#what-the-maps-respond-to", "特征图"),
    "特征映射": ("chapters/07-why-it-works.html#what-the-maps-respond-to", "特征图"),
    "步幅": ("chapters/03-output-size.html#stride", "步幅"),
    "步长": ("chapters/03-output-size.html#stride", "步幅"),
    "跨度": ("chapters/03-output-size.html#stride", "步幅"),
    "卷积核大小": ("chapters/03-output-size.html#counting-places", "卷积核"),
    "反向传播": ("chapters/04-lenet-from-nothing.html#two-units-in-a-row", "反向传播"),
    "感受野": ("chapters/03-output-size.html#the-receptive-field", "感受野"),
    "邮政编码": ("chapters/09-1989-in-code.html", "邮政编码"),
    "核": ("chapters/02-layer-by-layer.html#learning-a-kernel", "核"),
    "猫": ("chapters/01-history.html", "猫"),
    "LeCun": ("chapters/01-history.html", "LeCun"),
}


@pytest.mark.browser
@pytest.mark.parametrize(("query", "expected"), SOUGHT.items(), ids=SOUGHT)
def test_the_chinese_search_finds_what_explains_a_word_and_marks_it_whole(
    browser, both, address, query, expected
):
    place, word = expected
    page, _, problems = visit(browser, f"{address}/zh/search.html?q={query}")
    first = "#search-results li:first-child"
    until(page, "document.querySelector('.search-summary')?.innerText", patience=30)
    page.wait_for_selector(f"{first} .context .highlighted")
    links = page.locator("#search-results li > a").evaluate_all(
        "links => links.map(link => link.getAttribute('href'))"
    )
    assert links[0].startswith(place), links[:4]
    assert len(links) == len({*links})
    in_glossary = [n for n, link in enumerate(links) if link.startswith("book/glossary.html#")]
    assert in_glossary or query in ("卷积核大小", "邮政编码", "猫", "LeCun")
    for link in links:
        file, _, anchor = link.partition("#")
        assert not anchor or parsed(both / "zh" / file).find(id=anchor), link
    marked = page.locator(f"{first} .context .highlighted").all_inner_texts()
    assert word in marked and all(len(one) >= len(query) // 2 for one in marked), marked
    page.locator(f"{first} > a").click()
    page.wait_for_url(f"**/zh/{links[0]}")
    page.wait_for_selector("article .highlighted")
    marked = page.locator("article .highlighted").all_inner_texts()
    marked = [one for one in marked if one]  # not what is folded
    # The whole word, its other name, or where it stands in parts these, but no half of a word.
    assert word in marked and {*marked} <= {word, query, "大小"}, {*marked}
    assert not problems
    page.context.close()


@pytest.mark.book
def test_the_search_knows_what_the_glossary_calls_a_term_too(both):
    text = (both / "zh" / "_static" / "sections.js").read_text(encoding="utf-8")
    names = json.loads(text.removeprefix("Search.setSections(").removesuffix(");\n"))["names"]
    others = {name: term for name, term in names.items() if name != term}
    assert len(others) >= 25 and len(names) - len(others) >= 80
    assert {*others.values()} <= {*names}
    for name, term in {"参数共享": "权重共享", "子采样": "下采样", "特征映射": "特征图"}.items():
        assert names[name] == term
    # What one entry calls something else is no term of another one.
    assert all(names[term] == term for term in others.values())


@pytest.mark.browser
def test_the_chinese_search_leads_to_a_section(browser, address):
    page, _, problems = visit(browser, f"{address}/zh/search.html?q=感受野")
    page.wait_for_selector("#search-results li .context")
    first = page.locator("#search-results li > a").first
    assert first.get_attribute("href") == "chapters/03-output-size.html#the-receptive-field"
    assert "感受野" in first.inner_text() and not problems
    page.context.close()


@pytest.mark.browser
def test_a_tip_is_in_chinese(browser, address):
    page, _, problems = visit(browser, f"{address}/zh/chapters/03-output-size.html")
    page.locator(".bd-article a:has(> .std-term)").first.hover()
    page.wait_for_selector(".lenet-tip")
    tip = page.locator(".lenet-tip")
    assert tip.get_attribute("lang") == "zh-CN" and len(CHINESE.findall(tip.inner_text())) > 10
    assert "/zh/book/glossary.html#term-" in tip.locator(".lenet-tip-more").evaluate("a => a.href")
    assert not problems
    page.context.close()


@pytest.mark.browser
def test_the_calculator_keeps_its_link_in_the_other_language(browser, address):
    link = f"{address}/chapters/03-output-size.html#layer=1.9.c1k4s2at"
    page, _, problems = visit(browser, link)
    page.get_by_role("link", name="中文", exact=True).click()
    page.wait_for_url("**/zh/chapters/03-output-size.html#layer=1.9.c1k4s2at")
    said = page.locator(".lc-one .lc-answer").inner_text()
    assert said.startswith("输出：3 × 3。") and not problems
    page.context.close()


@pytest.mark.browser
@pytest.mark.parametrize("word", OBJECTS_OWN[:4])
def test_the_chinese_search_ends_for_words_that_javascript_knows(browser, address, word):
    _, said, problems = search(browser, f"{address}/zh", word)
    assert said and not problems


@pytest.mark.browser
def test_the_query_is_cut_as_the_pages_were(browser, address):
    page, _, _ = visit(browser, f"{address}/zh/search.html")
    language = editions.SearchChinesePairs({})
    for text in ("感受野", "池化", "核", "3×3 的卷积核，步幅 2", "用 Keras 训练 LeNet-5"):
        words = page.evaluate("text => splitQuery(text)", text)
        assert Counter(words) == Counter(language.split(text))
    page.context.close()


def test_an_old_chinese_address_leads_on_and_says_so_in_chinese(both):
    for old, new in CONFIG["sphinx"]["config"]["redirects"].items():
        page = parsed(both / "zh" / f"{old}.html")
        assert page.html["lang"] == "zh-CN" and CHINESE.search(page.h1.text)
        assert [link["href"] for link in page.select("main a")] == [new]
        assert (both / "zh" / "chapters" / new).is_file()
