"""Settings of the Chinese edition: the book's own, and what is different in Chinese.

``make book-zh`` and ``make catalogues`` read them. What the two editions share stands in
``_config.yml`` and only there.
"""

from pathlib import Path

from jupyter_book.config import get_final_config

ROOT = Path(__file__).parent.parent
book = get_final_config(
    user_yaml=ROOT / "_config.yml",
    sourcedir=ROOT,
    cli_config={"latex_individualpages": False},
)[0]

# Sphinx sees these paths from the folder of the settings: from the root there, from here here.
for name in ("bibtex_bibfiles", "html_extra_path", "html_static_path", "html_favicon", "html_logo"):
    paths = book.get(name) or []
    if paths:
        book[name] = (
            str(ROOT / paths) if isinstance(paths, str) else [str(ROOT / path) for path in paths]
        )
globals().update(book)

language = "zh_CN"
locale_dirs = ["locale"]  # seen from the root
html_title = "逐层解读 LeNet"
redirect_html_template_file = "locale/moved.html"
notfound_context = {
    "title": "找不到页面",
    "body": "<h1>找不到页面</h1>"
    "<p>这个地址没有页面。各章列在菜单里；用搜索可以在所有章里查一个词。</p>",
}
html_css_files = [*book["html_css_files"], "zh.css"]
html_theme_options = {**book["html_theme_options"], "search_bar_text": "搜索本书"}
nb_code_prompt_show = "显示代码"
nb_code_prompt_hide = "隐藏代码"
togglebutton_hint = "点击展开"
togglebutton_hint_hide = "点击收起"

# The catalogues: one for each page, without line numbers, which change with every edit.
gettext_compact = False
gettext_location = False
nb_mime_priority_overrides = [("gettext", "image/png", 1)]  # a picture's alt text is a text
