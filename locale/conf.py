"""Settings of the Chinese edition: the book's own, in Chinese.

They are read by ``make book-zh`` and ``make catalogues``. What the two editions share stands in
``_config.yml`` and only there.
"""

from pathlib import Path

from jupyter_book.config import get_final_config

ROOT = Path(__file__).parent.parent

globals().update(
    get_final_config(
        user_yaml=ROOT / "_config.yml",
        sourcedir=ROOT,
        cli_config={"latex_individualpages": False},
    )[0]
)

language = "zh_CN"
locale_dirs = [str(ROOT / "locale")]
gettext_compact = False  # a catalogue for each page
gettext_location = False  # line numbers would change with every edit
gettext_additional_targets = []
html_static_path = [str(ROOT / "book/_static")]
html_favicon = str(ROOT / html_favicon)
html_logo = str(ROOT / html_logo)
bibtex_bibfiles = [str(ROOT / "book/references.bib")]
nb_mime_priority_overrides = [("gettext", "image/png", 1)]  # the pictures have texts
