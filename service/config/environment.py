"""Where the process runs, which decides how strict the rules are."""

from enum import StrEnum

from service.config.reader import Reader


class Environment(StrEnum):
    DEVELOPMENT = "development"
    TEST = "test"
    PRODUCTION = "production"

    @property
    def is_production(self) -> bool:
        return self is Environment.PRODUCTION


def read_environment(reader: Reader) -> Environment:
    """ENVIRONMENT rules; NODE_ENV counts where it is not set, and must not say something else."""
    alias = reader.text("NODE_ENV").lower()
    if alias and alias not in tuple(Environment):
        reader.reject("NODE_ENV", f"must be one of {', '.join(Environment)}")
        alias = ""
    if not alias:
        return Environment(reader.choice("ENVIRONMENT", tuple(Environment)))
    if reader.text("ENVIRONMENT", alias).lower() != alias:
        reader.reject("NODE_ENV", "must be what ENVIRONMENT is, or unset")
        return Environment(reader.choice("ENVIRONMENT", tuple(Environment)))
    return Environment(alias)
