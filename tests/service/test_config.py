import pytest

from service.config import Config, ConfigError, RedisConfig, SignupMode, StripeConfig
from service.domain.tenant import Plan
from tests.service.conftest import JWT_SECRET

SECRET = "kJ8#mQ2$vN5^xR9&bT4*wL7!zP1@cF6%hD3(gS0)yA-eU+iO=oE_tY~rW;uI:aZsX"
WEBHOOK_SECRET = "whsec_example0123456789"
GOOD = {
    "JWT_SECRET": JWT_SECRET,
    "API_KEY_SECRET": SECRET,
    "STRIPE_SECRET_KEY": "sk_test_example",
    "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
    "STRIPE_STARTER_PRICE_ID": "price_starter",
    "STRIPE_PRO_PRICE_ID": "price_pro",
    "STRIPE_ENTERPRISE_PRICE_ID": "price_enterprise",
}
REDIS_PASSWORD = "Gv7-mQ2_vN5.xR9~bT4+wL7,zP1@"
PRODUCTION = GOOD | {
    "ENVIRONMENT": "production",
    "REDIS_HOST": "redis.example.com",
    "REDIS_TLS": "true",
    "REDIS_PASSWORD": REDIS_PASSWORD,
    "STRIPE_SECRET_KEY": "sk_live_x",
    "PUBLIC_URL": "https://billing.example.com",
    "ALLOWED_ORIGINS": "https://app.example.com,https://admin.example.com",
}


def problems(env):
    with pytest.raises(ConfigError) as caught:
        Config.from_env(env)
    return {problem.name for problem in caught.value.problems}


def test_secrets_and_prices_are_enough_for_a_local_service():
    config = Config.from_env(GOOD)
    assert (config.host, config.port) == ("127.0.0.1", 3002)
    assert (config.redis.host, config.redis.port, config.redis.password) == ("127.0.0.1", 6379, None)
    assert config.telemetry.output.endpoint is None
    assert config.telemetry.output.metric_interval_ms == 5000
    assert config.billing.price_ids[Plan.PRO] == "price_pro"
    assert config.signup.mode is SignupMode.OPEN
    assert config.web.allowed_origins == {"http://127.0.0.1:3002"}


def test_all_bad_variables_are_reported_at_once():
    env = {
        "PORT": "x",
        "REDIS_PORT": "70000",
        "REDIS_DB": "-1",
        "REDIS_TLS": "perhaps",
        "REDIS_HOST": "redis.example.com",
        "STRIPE_SECRET_KEY": "pk_test_x",
        "JWT_SECRET": "short",
        "STRIPE_API_BASE": "ftp://x",
        "STRIPE_WEBHOOK_SECRET": "secret",
        "STRIPE_STARTER_PRICE_ID": "prod_1",
        "STRIPE_PRO_PRICE_ID": "price_",
        "STRIPE_ENTERPRISE_PRICE_ID": "price_a b",
        "SIGNUP": "perhaps",
        "PUBLIC_URL": "billing.example.com",
        "ALLOWED_ORIGINS": "https://app.example.com/path",
        "API_KEY_SECRET": "short",
        "LOG_LEVEL": "loud",
        "LOG_FORMAT": "xml",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "localhost:4318",
        "OTEL_METRIC_EXPORT_INTERVAL": "0",
    }
    assert problems(env) == {*env, "REDIS_PASSWORD"} - {"REDIS_HOST"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("API_KEY_SECRET", "a" * 64),
        ("API_KEY_SECRET", "Aa1!" * 32),
        ("API_KEY_SECRET", "0123456789abcdef" * 4),
        ("PORT", "0"),
        ("PORT", "\u0663\u0663"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://user:secret@host:4318"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://[::1"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://host:99999"),
    ],
)
def test_a_bad_value_is_refused_and_never_shown(name, value):
    with pytest.raises(ConfigError) as caught:
        Config.from_env(GOOD | {name: value})
    assert [problem.name for problem in caught.value.problems] == [name]
    assert len(value) < 3 or value not in str(caught.value)


def test_a_live_key_never_goes_to_another_address_than_stripes():
    env = PRODUCTION | {"STRIPE_API_BASE": "http://127.0.0.1:1"}
    assert problems(env) == {"STRIPE_API_BASE"}


def test_verified_sign_up_needs_a_mail_server_and_a_sender():
    assert problems(GOOD | {"SIGNUP": "verified"}) == {"SMTP_URL", "MAIL_FROM"}
    signup = Config.from_env(
        GOOD | {"SIGNUP": "verified", "SMTP_URL": "smtp://u:p4ss@mail:25", "MAIL_FROM": "a@example.com"}
    ).signup
    assert signup.mode is SignupMode.VERIFIED
    assert "p4ss" not in repr(signup)


def test_sign_up_by_invitation_needs_an_operator_key():
    assert problems(GOOD | {"SIGNUP": "invite", "OPERATOR_KEY": "short"}) == {"OPERATOR_KEY"}
    assert Config.from_env(GOOD | {"SIGNUP": "invite", "OPERATOR_KEY": "k" * 32}).signup.operator_key == "k" * 32


def test_several_origins_may_be_allowed():
    env = GOOD | {"ALLOWED_ORIGINS": "https://app.example.com, https://admin.example.com:8443"}
    assert Config.from_env(env).web.allowed_origins == {"https://app.example.com", "https://admin.example.com:8443"}


def test_secrets_are_not_shown_by_the_configurations_repr():
    shown = repr(Config.from_env(GOOD | {"REDIS_PASSWORD": REDIS_PASSWORD}))
    assert not any(secret in shown for secret in (SECRET, WEBHOOK_SECRET, "sk_test_example", REDIS_PASSWORD))


def test_the_stripe_part_needs_no_other_variable():
    assert StripeConfig.from_env({"STRIPE_SECRET_KEY": "sk_test_x"}).api_base is None


def test_the_redis_part_needs_no_other_variable():
    assert RedisConfig.from_env({"REDIS_PORT": "7000", "REDIS_TLS": "true"}).tls


def test_a_cluster_has_one_database_and_volatility_is_asked_for():
    config = RedisConfig.from_env({"REDIS_CLUSTER": "true", "ALLOW_VOLATILE_REDIS": "1"})
    assert (config.cluster, config.allow_volatile) == (True, True)
    assert problems(GOOD | {"REDIS_CLUSTER": "true", "REDIS_DB": "1"}) == {"REDIS_DB"}
    assert problems(GOOD | {"REDIS_CLUSTER": "yes", "ALLOW_VOLATILE_REDIS": "true"}) == {
        "REDIS_CLUSTER",
        "ALLOW_VOLATILE_REDIS",
    }
