import pytest
from aiohttp.test_utils import make_mocked_request

from service.api import etag
from service.errors import PreconditionFailedError


def request(**headers):
    return make_mocked_request("GET", "/", headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize("header", ["*", '"3"', '"1", "3"', '"1","3"'])
def test_a_request_for_this_version_passes(header):
    etag.require_match(request(If_Match=header), 3)


def test_a_request_for_any_version_passes():
    etag.require_match(request(), 3)


@pytest.mark.parametrize("header", ["", '"2"', "3", 'W/"3"', '"33"', '"3', "'3'"])
def test_a_request_for_another_version_fails(header):
    with pytest.raises(PreconditionFailedError):
        etag.require_match(request(If_Match=header), 3)


@pytest.mark.parametrize(
    ("header", "known"), [("*", True), ('"3"', True), ('W/"3"', True), ('"2"', False), ("3", False), ("", False)]
)
def test_a_held_version_is_known(header, known):
    assert etag.is_known(request(If_None_Match=header), 3) is known


def test_without_the_header_nothing_is_known():
    assert not etag.is_known(request(), 3)


def test_a_tag_is_the_version_in_quotes():
    assert etag.tag_of(12) == '"12"'
