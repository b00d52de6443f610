"""What a chat stands on, and how a run of isofuzz lends it that."""

from dataclasses import dataclass, field

from isofuzz import Services
from isofuzz_packs.chat.schema import create_schema


@dataclass(frozen=True)
class Backing:
    """A `postgresql://` URL of the application's role, the role that it can take on to read on behalf of all, and a URL
    of a Valkey."""

    app_url: str = field(repr=False)
    service_role: str
    cache_url: str = field(repr=False)


async def prepare(services: Services) -> Backing:
    """Make the chat's roles and its tables, which are owned by neither."""
    app = await services.create_role("app")
    service = await services.create_role("service", members=[app.name])
    await create_schema(services.database_url, app.name, service.name)
    return Backing(app.url, service.name, await services.valkey())
