"""What `.env` says reaches the service in its container, and it starts with that."""

from pathlib import Path

import pytest

from deploy import __main__ as command
from service.config import Config, ConfigError
from service.config.variables import FILE_SUFFIX, VARIABLES
from tests.deploy.composition import PRICES, environment

BILLING = ("api", "api-2", "worker")
OF_THE_IMAGE = {"HOST", "PORT", "DATA_DIR"}
OF_THE_COMPOSITION = {"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_SERVICE_INSTANCE_ID"}
OF_DEPLOY_SECRETS = {"REDIS_PASSWORD", "API_KEY_SECRET", "JWT_SECRET", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"}
FIXED = OF_THE_IMAGE | OF_THE_COMPOSITION | OF_DEPLOY_SECRETS
PRODUCTION = {
    "ENVIRONMENT": "production",
    "REDIS_HOST": "redis.example.com",
    "REDIS_PORT": "6380",
    "REDIS_TLS": "true",
    "PUBLIC_URL": "https://billing.example.com",
    "ALLOWED_ORIGINS": "https://app.example.com",
    "TRUSTED_PROXIES": "172.18.0.1/32",
    "RATE_LIMIT_SIGNUPS_PER_HOUR": "77",
}


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("deploy") / "secrets"
    command.main(folder)
    (folder / "stripe-webhook-secret").write_text("whsec_" + "0123456789abcdef" * 2)
    return folder


@pytest.mark.parametrize("service", BILLING)
@pytest.mark.parametrize("name", VARIABLES)
def test_every_variable_of_the_service_arrives_or_is_fixed(service: str, name: str) -> None:
    arrives = environment(service, {name: "said"}).get(name) == "said"
    assert arrives != (name in FIXED)


@pytest.mark.parametrize("service", BILLING)
@pytest.mark.parametrize("name", [name for name, each in VARIABLES.items() if each.secret])
def test_a_secret_that_is_no_file_of_the_composition_can_be_one(service: str, name: str) -> None:
    said = "/run/secrets/optional/said"
    found = environment(service, {name + FILE_SUFFIX: said})[name + FILE_SUFFIX]
    assert found == said or (name in OF_DEPLOY_SECRETS and found.startswith("/run/secrets/"))


@pytest.mark.parametrize("service", BILLING)
def test_the_service_reads_each_variable_that_it_is_given(service: str) -> None:
    ours = {name.removesuffix(FILE_SUFFIX) for name in environment(service, {})}
    standard = {name for name in ours if name.startswith("OTEL_EXPORTER_OTLP_C")}
    assert ours - standard <= set(VARIABLES)


def test_production_starts_with_what_the_example_file_says_of_it(secrets: Path) -> None:
    config = _config(secrets, PRODUCTION, "sk_live_" + "x" * 24)
    assert (config.redis.address, config.redis.tls) == ("redis.example.com:6380", True)
    assert config.web.allowed_origins == {"https://app.example.com"}
    assert [str(network) for network in config.limits.trusted_proxies] == ["172.18.0.1/32"]
    assert config.limits.signups_per_hour == 77


def test_production_is_refused_where_nothing_of_it_is_said(secrets: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        _config(secrets, {"NODE_ENV": "production"}, "sk_live_" + "x" * 24)
    assert {problem.name for problem in raised.value.problems} == {"REDIS_TLS", "ALLOWED_ORIGINS", "PUBLIC_URL"}


def test_with_the_prices_alone_everything_else_is_the_services_own_default(secrets: Path) -> None:
    config = _config(secrets, {}, "sk_test_" + "x" * 24)
    given = environment("api", {})
    bare = {name: value for name, value in given.items() if value}
    assert len(bare) < len(given)
    assert config == Config.from_env(_placed(bare, secrets))
    assert not config.telemetry.output.sampling.honours_gameday


def test_a_rotated_secret_is_a_file_among_the_optional_ones(secrets: Path) -> None:
    previous = secrets / "optional" / "jwt-secret-previous"
    previous.write_text((secrets / "jwt-secret").read_text()[::-1])
    said = {"JWT_SECRET_PREVIOUS_FILE": "/run/secrets/optional/jwt-secret-previous"}
    assert _config(secrets, said, "sk_test_" + "x" * 24).secrets.jwt_previous == previous.read_text()


def _config(secrets: Path, dotenv: dict[str, str], stripe_key: str) -> Config:
    (secrets / "stripe-secret-key").write_text(stripe_key)
    return Config.from_env(_placed(environment("api", {**PRICES, **dotenv}), secrets))


def _placed(variables: dict[str, str], secrets: Path) -> dict[str, str]:
    """The container's secrets where they are here."""
    return {name: value.replace("/run/secrets", str(secrets)) for name, value in variables.items()}
