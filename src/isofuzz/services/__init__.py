"""Real services for a run: Postgres and Valkey, given, of the project's compose file, or embedded; a folder beside.

Each is imported when it is asked for: most of them load the drivers of databases, which takes longer than all that a
command does that is told of a mistake.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from isofuzz.services.compose.starting import compose_down, compose_up
    from isofuzz.services.opening import Services, open_services
    from isofuzz.services.postgres.adoption import Description, Table, adopt, describe
    from isofuzz.services.postgres.roles import Role
    from isofuzz.services.redaction import redact
    from isofuzz.services.sources import Sources
    from isofuzz.services.surveying import Survey, survey
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

_FOUND_IN = {
    "Description": "postgres.adoption",
    "Role": "postgres.roles",
    "Services": "opening",
    "Sources": "sources",
    "Survey": "surveying",
    "Table": "postgres.adoption",
    "ValkeyDescription": "valkey.adoption",
    "adopt": "postgres.adoption",
    "adopt_valkey": "valkey.adoption",
    "compose_down": "compose.starting",
    "compose_up": "compose.starting",
    "describe": "postgres.adoption",
    "describe_valkey": "valkey.adoption",
    "is_valkey": "valkey.url",
    "open_services": "opening",
    "redact": "redaction",
    "survey": "surveying",
}


def __getattr__(name: str) -> object:
    """What is exported, from the module that it is in."""
    if name in _FOUND_IN:
        return getattr(import_module(f"isofuzz.services.{_FOUND_IN[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
