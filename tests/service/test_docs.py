import re
from importlib.metadata import version

from openapi_spec_validator import OpenAPIV31SpecValidator

from service.routes import routes


async def test_the_description_is_valid_and_complete(service):
    status, description = await service.get("/openapi.json")
    assert status == 200
    OpenAPIV31SpecValidator(description).validate()
    assert description["info"]["version"] == version("c2pa-billing")
    described = {(method.upper(), path) for path, item in description["paths"].items() for method in item}
    assert described == {(route.method, route.path) for route in routes() if not route.hidden}


async def test_operation_ids_are_unique_and_every_reference_leads_somewhere(service):
    _, description = await service.get("/openapi.json")
    operations = [operation for item in description["paths"].values() for operation in item.values()]
    ids = [operation["operationId"] for operation in operations]
    assert len(ids) == len(set(ids))
    references = set(re.findall(r"'#/components/schemas/(\w+)'", str(description)))
    assert references == set(description["components"]["schemas"])


async def test_what_a_session_opens_is_described_and_a_session_is_opened_by_a_key_alone(service):
    _, description = await service.get("/openapi.json")
    opened_by = {
        (method, path): {name for way in operation["security"] for name in way}
        for path, item in description["paths"].items()
        for method, operation in item.items()
    }
    assert opened_by["post", "/session"] == {"apiKey"}
    assert opened_by["get", "/tenants/{tenant_id}"] == {"apiKey", "session"}
    assert opened_by["get", "/health"] == set()


async def test_the_page_reads_the_description_from_here_alone(service):
    async with service.http.get("/docs") as response:
        text = await response.text()
    assert not re.search(r"(?:src|href)=\"(?!/)", text)
