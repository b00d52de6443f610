"""Real services for a run: Postgres, embedded or given, with a database, roles and a folder of the run's own."""

from isofuzz.services.adoption import Description, Table, adopt, describe
from isofuzz.services.opening import Services, open_services
from isofuzz.services.redaction import redact
from isofuzz.services.roles import Role
from isofuzz.services.sources import Sources

__all__ = ["Description", "Role", "Services", "Sources", "Table", "adopt", "describe", "open_services", "redact"]
