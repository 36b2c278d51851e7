"""`/signup` and `/docs`: the pages for people, and the scripts and styles that they are made of."""

from aiohttp import web
from aiohttp.typedefs import Handler

from service.api.route import Answer, Route
from service.errors import NotFoundError
from service.middleware.security_headers import PAGE_HEADERS
from service.pages import Page
from service.parts import PAGES


async def read_page_file(request: web.Request) -> web.Response:
    page = request.app[PAGES].get(request.match_info["file"])
    if page is None:
        raise NotFoundError
    return _sent(page)


def _reader_of(name: str) -> Handler:
    async def read_page(request: web.Request) -> web.Response:
        return _sent(request.app[PAGES][name])

    return read_page


def _sent(page: Page) -> web.Response:
    return web.Response(body=page.body, content_type=page.media_type, charset="utf-8", headers=PAGE_HEADERS)


def _route(path: str, handler: Handler, summary: str) -> Route:
    answers = (Answer(200, "The page.", media_type="text/html"),)
    return Route("GET", path, handler, scope=None, tag="Pages", summary=summary, answers=answers, hidden=True)


ROUTES = (
    _route("/signup", _reader_of("signup.html"), "Sign up and look at one's account"),
    _route("/docs", _reader_of("docs.html"), "Read the API's description"),
    _route("/pages/{file}", read_page_file, "Read a script or a style of the pages"),
)
