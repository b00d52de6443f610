"""Real services for a run: Postgres and Valkey, given, of the project's compose file, or embedded; a folder beside."""

from isofuzz.services.compose.starting import compose_down, compose_up
from isofuzz.services.opening import Services, open_services
from isofuzz.services.postgres.adoption import Description, Table, adopt, describe
from isofuzz.services.postgres.roles import Role
from isofuzz.services.redaction import redact
from isofuzz.services.sources import Sources
from isofuzz.services.survey import Survey, survey
from isofuzz.services.valkey.adoption import ValkeyDescription, adopt_valkey, describe_valkey
from isofuzz.services.valkey.url import is_valkey

__all__ = [
    "Description",
    "Role",
    "Services",
    "Sources",
    "Survey",
    "Table",
    "ValkeyDescription",
    "adopt",
    "adopt_valkey",
    "compose_down",
    "compose_up",
    "describe",
    "describe_valkey",
    "is_valkey",
    "open_services",
    "redact",
    "survey",
]
