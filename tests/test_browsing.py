"""How the tests open a page: they wait until it is at rest, and don't swallow what went wrong."""

import pytest
from browsing import serve, settle, visit
from playwright.sync_api import Error

pytestmark = pytest.mark.browser


@pytest.fixture
def forwarding(tmp_path):
    """Serve pages that forward at once, from 0 to 5, and one that forwards to itself."""
    for number in range(5):
        forward = f'<meta http-equiv="refresh" content="0; url={number + 1}.html">'
        (tmp_path / f"{number}.html").write_text(
            f"<!doctype html>{forward}<p>{number}", encoding="utf-8"
        )
    (tmp_path / "5.html").write_text("<!doctype html><title>end</title><p>5", encoding="utf-8")
    again = '<meta http-equiv="refresh" content="0; url=circle.html">'
    (tmp_path / "circle.html").write_text(f"<!doctype html>{again}", encoding="utf-8")
    with serve(tmp_path) as address:
        yield address


def test_a_page_is_opened_where_its_forwarding_ends(browser, forwarding):
    for start in (0, 3, 5) * 3:
        page, requests, problems = visit(browser, f"{forwarding}/{start}.html")
        assert page.url == f"{forwarding}/5.html" and page.title() == "end"
        assert f"{forwarding}/{start}.html" in requests
        assert not [text for text in problems if "favicon" not in text and "404" not in text]
        page.context.close()


def test_a_page_that_never_rests_is_named(browser, forwarding):
    page, _, _ = visit(browser, f"{forwarding}/5.html")
    page.goto(f"{forwarding}/circle.html", wait_until="commit")
    with pytest.raises(AssertionError, match=r"circle\.html did not come to rest within 0\.5 s"):
        settle(page, patience=0.5)
    page.context.close()


def test_what_fails_in_a_page_that_stays_is_told(browser, forwarding):
    page, _, _ = visit(browser, f"{forwarding}/5.html")
    page.evaluate("Object.defineProperty(document, 'fonts', {get() { throw Error('no font') }})")
    with pytest.raises(Error, match="no font"):
        settle(page)
    page.context.close()
