import pytest

from service.domain.return_url import RETURN_URL, foreign_urls, origin_of

ALLOWED = frozenset({"https://app.example.com", "http://localhost:3000", "http://127.0.0.1:3002"})


def faults(url):
    return list(RETURN_URL.faults(url, "return_url")) or list(foreign_urls({"return_url": url}, ALLOWED))


@pytest.mark.parametrize(
    "url",
    [
        "https://app.example.com",
        "https://app.example.com/",
        "https://app.example.com?tab=billing",
        "https://app.example.com/billing?session={CHECKOUT_SESSION_ID}&x=%20",
        "https://app.example.com:443/billing",
        "https://APP.example.com/",
        "http://localhost:3000/a@b",
        "http://127.0.0.1:3002/",
        "https://app.example.com/a//b:c",
    ],
)
def test_an_allowed_origin_passes(url):
    assert not faults(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://",
        "https:///billing",
        "//app.example.com/",
        "/billing",
        "app.example.com",
        "javascript:alert(1)",
        "ftp://app.example.com/",
        "http://app.example.com/",
        "https://app.example.com:444/",
        "https://app.example.com:0/",
        "https://app.example.com:99999999/",
        "https://app.example.com./",
        "https://app.example.com.evil.example/",
        "https://app.example.comevil.example/",
        "https://app.example.com@evil.example/",
        "https://app.example.com:443@evil.example/",
        "https://user:word@app.example.com/",
        "https://evil.example\\@app.example.com/",
        "https://evil.example/\\app.example.com",
        "https://evil.example#@app.example.com/",
        "https://app.example.com/#x",
        "https://app.example.com\\.evil.example/",
        "https:\\\\app.example.com/",
        "https://app.example.com/\n",
        "https://app.example.com\t/",
        " https://app.example.com/",
        "https://app\u3002example.com/",
        "https://\u0430pp.example.com/",
        "https://app.example.com/\u202e",
        "https://app.example.com/{CHECKOUT_SESSION}",
        "https://app%2eexample.com/",
        "http://localhost:3001/",
        "http://localhost/",
        "http://[::1]:3000/",
        "http://2130706433:3002/",
        "https://app.example.com/" + "x" * 2000,
    ],
)
def test_anything_else_is_refused_by_its_field(url):
    assert [fault.field for fault in faults(url)] == ["return_url"]


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("HTTP://a.example", None),
        ("http://A.example", "http://a.example:80"),
        ("https://a.example:0443/x", None),
        ("https://a.example:443/x", "https://a.example:443"),
        ("http://[::1]:80/", "http://[::1]:80"),
    ],
)
def test_an_origin_has_one_spelling(url, origin):
    if origin is None:
        with pytest.raises(ValueError, match="no origin"):
            origin_of(url)
    else:
        assert origin_of(url) == origin
