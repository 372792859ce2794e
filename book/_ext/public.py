"""Sphinx extension: what the site shows of its own address and of its public repository.

``repository.url`` in ``_config.yml`` is the one setting. Where it names a repository on GitHub, the
address of the site on GitHub Pages follows from it; ``html.baseurl`` names another one. With an
address the pages get canonical links, Open Graph tags and a site map; with a repository they get
buttons (Binder, Colab, the source, an issue). With neither, no page names a host.
"""

import re
from pathlib import Path
from urllib.parse import urlsplit

BUTTONS = ("use_repository_button", "use_issues_button", "use_edit_page_button")
ABSOLUTE = re.compile(r'<meta property="og:(?:url|image(?::\w+)?)"[^>]*>\n')
LEAD_ON = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<title>{title}</title>
{canonical}<meta http-equiv="refresh" content="0; url={first}" />
</head>
<body>
<main><h1><a href="{first}">{title}</a></h1></main>
</body>
</html>
"""


def pages_address(repository):
    """Return where GitHub Pages shows a repository, or "" for a repository elsewhere."""
    parts = urlsplit(repository)
    names = parts.path.strip("/").removesuffix(".git").split("/")
    if parts.hostname != "github.com" or len(names) != 2:
        return ""
    owner, name = names
    host = f"{owner.lower()}.github.io"
    return f"https://{host}/" if name.lower() == host else f"https://{host}/{name}/"


def follow(app, config):
    """Set what follows from the address of the repository, before other extensions look."""
    theme = config.html_theme_options = dict(config.html_theme_options)
    repository = theme.get("repository_url", "").rstrip("/").removesuffix(".git")
    if repository:
        theme["repository_url"] = repository
        theme.setdefault("repository_branch", "main")
        theme.update(dict.fromkeys(BUTTONS, True))
        app.tags.add("repository")
    else:
        theme["launch_buttons"] = {}  # there is nothing that Binder or Colab could open
    base = config.html_baseurl or pages_address(repository)
    if base:
        config.html_baseurl = config.ogp_site_url = base.rstrip("/") + "/"
    config.notfound_urls_prefix = urlsplit(config.html_baseurl).path or "/"


def name_repository(app, docname, source):
    """Put the address of the repository where a page has ``REPOSITORY_URL``."""
    repository = app.config.html_theme_options.get("repository_url")
    if repository:
        source[0] = source[0].replace("REPOSITORY_URL", repository)


def describe(app, pagename, templatename, context, doctree):
    """Add icons; take away what would be a half address as long as the site has none."""
    pathto = context["pathto"]
    tags = context.get("metatags", "")
    if not app.config.html_baseurl:
        tags = ABSOLUTE.sub("", tags)
        tags = tags.replace("summary_large_image", "summary")
    icon = pathto("_static/apple-touch-icon.png", resource=True)
    context["metatags"] = f'{tags}\n<link rel="apple-touch-icon" href="{icon}" />'
    if pagename == app.config.notfound_pagename:
        context["pageurl"] = None  # the page stands at any address
        context["metatags"] += '\n<meta name="robots" content="noindex" />'


def write_files(app, exception):
    """Write robots.txt, and the first page, which leads on to the index of the book."""
    if exception or app.builder.name != "html":
        return
    site, base = Path(app.outdir), app.config.html_baseurl
    rules = ["User-agent: *", "Allow: /"]
    if base:
        rules.append(f"Sitemap: {base}sitemap.xml")
    (site / "robots.txt").write_text("\n".join(rules) + "\n", encoding="utf-8")
    first = app.builder.get_target_uri(app.config.root_doc)
    if first != "index.html":
        names = {"first": first, "language": app.config.language, "title": app.config.html_title}
        canonical = f'<link rel="canonical" href="{base}{first}" />\n' if base else ""
        page = LEAD_ON.format(canonical=canonical, **names)
        (site / "index.html").write_text(page, encoding="utf-8")


def setup(app):
    app.connect("config-inited", follow, priority=100)
    app.connect("source-read", name_repository)
    app.connect("html-page-context", describe, priority=900)
    # Before the contents' extension writes a first page without a title.
    app.connect("build-finished", write_files, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
