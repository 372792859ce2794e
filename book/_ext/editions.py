"""Sphinx extension: the book in two languages.

The English edition is the book; the Chinese one is made of the same sources, through the catalogues
in ``locale``. Pages without a catalogue stand in it too, in English and with a note, so that every
link leads somewhere. ``make book-zh`` builds it at ``_build/html-zh`` and puts a copy into the
English site, at ``zh/``: so it is published. As soon as both are there, each page links to itself
in the other language.
"""

import html
import posixpath
import re
import shutil
from bisect import bisect_right
from os.path import relpath
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.errors import ExtensionError
from sphinx.locale import get_translation
from sphinx.locale import init as read_catalogue
from sphinx.search.zh import SearchChinese
from sphinx.transforms import SphinxTransform

FOLDER = "zh"  # of the Chinese edition inside the English one
MARK = "<!-- language switch -->"  # put onto the pages by language-switch.html
NOTE = 'class="untranslated"'
NAMES = {"en": "English", "zh-CN": "中文"}
_ = get_translation("sphinx")


def is_chinese(config):
    return config.language == "zh_CN"


def has_catalogue(app, pagename):
    folder = Path(app.srcdir, "locale", app.config.language, "LC_MESSAGES")
    return (folder / f"{pagename}.po").is_file()


# ----------------------------------------------------------------- what the catalogues do not reach


def catalogue_of(transform):
    """Return the catalogue of the page that a transform works on."""
    folders = [Path(transform.app.srcdir, folder) for folder in transform.config.locale_dirs]
    return read_catalogue(folders, transform.config.language, transform.env.docname)[0]


class TranslateFormulas(SphinxTransform):
    """Sphinx would read a translated formula as text, so it finds the translation in its place."""

    default_priority = 15  # before Sphinx translates

    def apply(self, **kwargs):
        if not is_chinese(self.config):
            return
        catalogue = catalogue_of(self)
        for formula in self.document.findall(nodes.math_block):
            said = catalogue.gettext(formula.rawsource or formula.astext())
            formula.rawsource, formula[:] = said, [nodes.Text(said)]


class TranslateCaptions(SphinxTransform):
    """The captions of ``_toc.yml`` come into the document when Sphinx has translated it."""

    default_priority = 110  # after sphinx_external_toc

    def apply(self, **kwargs):
        if not is_chinese(self.config):
            return
        catalogue = catalogue_of(self)
        for toctree in self.document.findall(addnodes.toctree):
            toctree.preserve_original_messages()
            for message in toctree.extract_original_messages():
                toctree.apply_translated_message(message, catalogue.gettext(message))


# GBK has the common characters by sound. One with several sounds stands under one of them only.
SOUNDS_LIKE = str.maketrans({"弹": "谈"})  # tán, as in 弹性
# The first character of each letter: none is said with I, U or V at its beginning.
FIRSTS = [one.encode("gbk") for one in "啊芭擦搭蛾发噶哈击喀垃妈拿哦啪期然撒塌挖昔压匝"]
INITIALS = "ABCDEFGHJKLMNOPQRSTWXYZ"
LAST = "座".encode("gbk")  # from there on they are ordered by their strokes


def pinyin(term):
    """Return what a term is sorted by."""
    return term.lower().translate(SOUNDS_LIKE).encode("gbk", "replace")


def initial(term):
    """Return the letter under which a term stands in an index; itself where that is not known."""
    sound = pinyin(term[0])
    if FIRSTS[0] <= sound <= LAST:
        return INITIALS[bisect_right(FIRSTS, sound) - 1]
    return term[0].upper()


class SortByPinyin(SphinxTransform):
    """A glossary is in the order of its Chinese terms."""

    default_priority = 510  # after Sphinx has sorted by code points

    def apply(self, **kwargs):
        if not is_chinese(self.config):
            return
        for glossary in self.document.findall(addnodes.glossary):
            if glossary["sorted"]:
                glossary[0][:] = sorted(glossary[0], key=lambda item: pinyin(item[0].astext()))


def index_by_pinyin(app, pagename, templatename, context, doctree):
    """In the index each letter has its English entries, then the Chinese ones by their sound."""
    if pagename != "genindex" or not is_chinese(app.config):
        return
    letters = {}
    for letter, entries in context["genindexentries"]:
        for entry in entries:
            chinese = bool(SearchChinesePairs.runs.match(entry[0]))
            below = initial(entry[0]) if chinese else letter
            letters.setdefault(below, ([], []))[chinese].append(entry)
    context["genindexentries"] = [
        (letter, latin + sorted(chinese, key=lambda entry: pinyin(entry[0])))
        for letter, (latin, chinese) in sorted(letters.items())
    ]


class MarkLatin(SphinxTransform):
    """Chinese has no italics, so what is stressed is bold; a name such as *x* stays slanted."""

    default_priority = 510  # after Sphinx has translated

    def apply(self, **kwargs):
        if not is_chinese(self.config):
            return
        for stressed in self.document.findall(nodes.emphasis):
            if not SearchChinesePairs.runs.search(stressed.astext()):
                stressed["classes"].append("latin")


def note_untranslated(app, pagename, templatename, context, doctree):
    """Say on an English page of the Chinese edition that it is one."""
    if doctree is None or not is_chinese(app.config) or has_catalogue(app, pagename):
        return
    base = app.config.html_baseurl
    if base:  # for search engines it is the English page, once more
        context["pageurl"] = base.removesuffix(f"{FOLDER}/") + app.builder.get_target_uri(pagename)
    note = html.escape(_("This page has not been translated yet."))
    context["body"] = f'<p {NOTE} role="note">{note}</p>\n<div lang="en">{context["body"]}</div>'


def in_english():
    return nodes.Text(f"（{_('in English')}）")


def name_untranslated(app, env):
    """Say in the menu, and at the foot of the pages beside it, that a page is in English."""
    if not is_chinese(app.config):
        return
    for name in env.found_docs:
        if not has_catalogue(app, name):
            title = env.titles[name].deepcopy()
            title += in_english()
            env.titles[name] = title
            for entry in list(env.tocs[name].findall(nodes.reference))[:1]:
                entry += in_english()


def mark_untranslated(app, doctree, docname):
    """Say of each link on a Chinese page that leads to an English one what it leads to."""
    if not is_chinese(app.config) or not has_catalogue(app, docname):
        return
    for link in doctree.findall(nodes.reference):
        page, _hash, _anchor = link.get("refuri", "").partition("#")
        name = posixpath.normpath(posixpath.join(posixpath.dirname(docname), page))
        name = name.removesuffix(".html")
        if not link.get("internal") or name not in app.env.found_docs or has_catalogue(app, name):
            continue
        if link.get("reftitle"):  # a name of the package
            link["reftitle"] += in_english()
        else:
            link += in_english()


# ------------------------------------------------------------------------------------------- search


class SearchChinesePairs(SearchChinese):
    """Search for pairs of characters, as there are no spaces between Chinese words.

    The page and the query are cut in the same way, so a word of any length is found, and no list of
    words is needed. A character that stands alone is a word of its own.
    """

    runs = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+")
    js_splitter_code = r"""
var splitQuery = function (query) {
  const words = [];
  for (const word of query.match(/[\u3400-\u4dbf\u4e00-\u9fff]+|[a-zA-Z0-9_]+/g) || []) {
    if (/^\w/.test(word) || word.length < 3) words.push(word);
    else for (let i = 0; i + 1 < word.length; i++) words.push(word.slice(i, i + 2));
  }
  return words;
};
"""

    def init(self, options):
        super().init(options)
        self.latin_terms = set()  # Sphinx has a list, in which each word of the book is looked up

    def split(self, input):
        words = self.latin1_letters.findall(input)
        self.latin_terms.update(words)
        for run in self.runs.findall(input):
            words += [run[i : i + 2] for i in range(max(1, len(run) - 1))]
        return words

    def word_filter(self, stemmed_word):
        return len(stemmed_word) > 1 or bool(self.runs.match(stemmed_word))


# ------------------------------------------------------------------------------------------ scripts

PLURALS = re.compile(r'new Function\(\s*"n",\s*`return \(\$\{catalog\.plural_expr\}\)`\s*\)')


def write_plural_rule(app, exception):
    """Put the rule for plurals into Sphinx's script, which would make a function of a text.

    The policy of the pages refuses that. Chinese has a single form.
    """
    if exception or app.builder.format != "html" or not is_chinese(app.config):
        return
    file = Path(app.outdir, "_static", "doctools.js")
    text = PLURALS.sub("() => 0", file.read_text(encoding="utf-8"))
    if "new Function" in text:
        raise ExtensionError("doctools.js makes functions of texts in a new way: see editions.py")
    file.write_text(text, encoding="utf-8")


# --------------------------------------------------------------------------------- the two together


def pages(site):
    """Yield the pages of an edition, without those of the other one inside it."""
    for file in sorted(site.rglob("*.html")):
        inside = file.relative_to(site).parts
        if inside[0] not in (FOLDER, "_static"):
            yield file


def link(site, other, language, base=""):
    """Give every page of a site a link to the same page of the other, in that one's language."""
    for file in pages(site):
        name = file.relative_to(site).as_posix()
        text = file.read_text(encoding="utf-8")
        if MARK not in text or not (other / name).is_file():
            continue
        address = html.escape(Path(relpath(other / name, file.parent)).as_posix())
        switch = (
            f'<a class="language-switch" href="{address}" lang="{language}" '
            f'hreflang="{language}">{NAMES[language]}</a>'
        )
        text = text.replace(MARK, switch)
        chinese = text if language == "en" else (other / name).read_text(encoding="utf-8")
        if base and NOTE not in chinese:
            places = {
                "en": base + name,
                "zh-CN": f"{base}{FOLDER}/{name}",
                "x-default": base + name,
            }
            alternates = "".join(
                f'<link rel="alternate" hreflang="{which}" href="{html.escape(place)}">\n'
                for which, place in places.items()
            )
            text = text.replace("</head>", f"{alternates}</head>", 1)
        file.write_text(text, encoding="utf-8")


def join(app, exception):
    """Put the editions together, whichever of them is built last."""
    if exception or app.builder.format != "html":
        return
    site = Path(app.outdir)
    base = app.config.html_baseurl and app.config.html_baseurl.rstrip("/") + "/"
    if not is_chinese(app.config):
        if (site / FOLDER / "index.html").is_file():
            link(site, site / FOLDER, "zh-CN", base)
        return
    base = base.removesuffix(f"{FOLDER}/")
    english = site.parent / "html"
    if (english / "index.html").is_file():
        copy = english / FOLDER
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(site, copy, ignore=shutil.ignore_patterns(".buildinfo", ".doctrees"))
        link(copy, english, "en", base)
        link(english, copy, "zh-CN", base)
        link(site, english, "en")


def add_templates(app, config):
    config.templates_path.append(str(Path(__file__).parent.parent / "_templates"))


def address(app, config):
    """Give the Chinese edition an address of its own, inside that of the site."""
    for name in ("html_baseurl", "ogp_site_url"):
        base = getattr(config, name, "") if is_chinese(config) else ""
        if base:
            setattr(config, name, f"{base.rstrip('/')}/{FOLDER}/")


def setup(app):
    app.add_transform(TranslateFormulas)
    app.add_transform(TranslateCaptions)
    app.add_transform(SortByPinyin)
    app.add_transform(MarkLatin)
    app.add_search_language(SearchChinesePairs)
    app.connect("config-inited", add_templates)
    app.connect("config-inited", address, priority=300)  # the site's own may be set by then
    app.connect("env-updated", name_untranslated)
    app.connect("doctree-resolved", mark_untranslated)
    app.connect("html-page-context", note_untranslated)
    app.connect("html-page-context", index_by_pinyin)
    app.connect("build-finished", write_plural_rule)
    app.connect("build-finished", join, priority=950)  # when the other extensions have done theirs
    return {"parallel_read_safe": True, "parallel_write_safe": True}
