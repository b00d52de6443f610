"""Desks with drawers of slips, in a real database: healthy but noisy, and leaking in ways that no canary shows.

What it answers holds the time, how long that took, how old the visit is, numbers of requests and of rows that isofuzz
knows nothing of, and things in an order that is another every time.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any, ClassVar

import asyncpg

from isofuzz import (
    All,
    Grants,
    Key,
    Name,
    Record,
    Refused,
    Secret,
    Services,
    Session,
    Socket,
    Subscription,
    Target,
    Thread,
    User,
    operation,
)

SCHEMA = """
CREATE TABLE clerk (id serial PRIMARY KEY, name text UNIQUE NOT NULL, since timestamptz NOT NULL DEFAULT now());
CREATE TABLE drawer (id serial PRIMARY KEY, owner int NOT NULL, label text NOT NULL, UNIQUE (owner, label));
CREATE TABLE member (drawer int NOT NULL, clerk int NOT NULL, UNIQUE (drawer, clerk));
CREATE TABLE slip (id serial PRIMARY KEY, drawer int NOT NULL, body text NOT NULL);
CREATE SEQUENCE request;
"""


class Text(Secret):
    pass


class Clerk(User):
    id: int


class Visit(Session):
    clerk: int


class Bell(Socket):
    """What rings at one clerk's desk."""

    clerk: int

    def __post_init__(self) -> None:
        self.waiting: asyncio.Queue[str | None] = asyncio.Queue()

    async def frames(self) -> AsyncIterator[object]:
        while (frame := await self.waiting.get()) is not None:
            yield frame
            self.waiting.task_done()
        self.waiting.task_done()

    async def barrier(self) -> None:
        await self.waiting.join()

    async def abort(self) -> None:
        self.waiting.put_nowait(None)


class Drawer(Thread):
    id: int


class Slip(Record):
    id: int


class Watch(Subscription[Text]):
    pass


class Desks(Target):
    """Drawers of slips, for their members."""

    defects: ClassVar = {
        "count": "the number of drawers is everybody's",
        "place": "slips are numbered across all drawers",
        "ringing": "every bell rings when a slip is filed",
        "label": "a label can be used once, whoever uses it",
    }

    async def lifespan(self, services: Services) -> AsyncIterator[None]:
        async with asyncpg.create_pool(services.database_url, min_size=1, max_size=4) as self.pool:
            await self.pool.execute(SCHEMA)
            yield

    async def reset(self) -> None:
        self.bells: list[Bell] = []
        self.watching: list[tuple[Bell, int]] = []

    @operation
    async def enter(self, name: Name) -> tuple[Clerk, Visit, Bell]:
        clerk = await self._one(
            "INSERT INTO clerk (name) VALUES ($1) ON CONFLICT (name) DO UPDATE SET name = $1 RETURNING id", name
        )
        bell = Bell(clerk)
        self.bells.append(bell)
        return Clerk(clerk), Visit(clerk), bell

    @operation
    async def open(self, me: Visit, label: Key) -> Drawer:
        if self.defect == "label" and await self._one(
            "SELECT count(*) FROM drawer WHERE label = $1 AND owner <> $2", label, me.clerk
        ):
            raise Refused("there is such a label")
        made = await self._one(
            "INSERT INTO drawer (owner, label) VALUES ($1, $2) ON CONFLICT (owner, label) DO UPDATE SET label = $2"
            " RETURNING id",
            me.clerk,
            label,
        )
        await self.pool.execute("INSERT INTO member VALUES ($1, $2) ON CONFLICT DO NOTHING", made, me.clerk)
        return Drawer(made)

    @operation
    async def share(self, me: Visit, drawer: Drawer, other: Grants[Clerk]) -> None:
        await self._check(me, drawer)
        await self.pool.execute("INSERT INTO member VALUES ($1, $2) ON CONFLICT DO NOTHING", drawer.id, other.id)

    @operation
    async def file(self, me: Visit, drawer: Drawer, text: Text) -> Slip:
        await self._check(me, drawer)
        slip = await self._one("INSERT INTO slip (drawer, body) VALUES ($1, $2) RETURNING id", drawer.id, text)
        for bell, watched in self.watching:
            if watched == drawer.id and await self._is_member(bell.clerk, drawer):
                bell.waiting.put_nowait(json.dumps({"drawer": f"drawer:{drawer.id}", "text": text, "at": time.time()}))
        if self.defect == "ringing":
            for bell in self.bells:
                bell.waiting.put_nowait("ring")
        return Slip(slip)

    @operation
    async def read(self, me: Visit, drawer: Drawer) -> All[Text]:
        await self._check(me, drawer)
        counted = "true" if self.defect == "place" else "other.drawer = slip.drawer"
        place = f"(SELECT count(*) FROM slip other WHERE other.id <= slip.id AND {counted})"
        return await self._answer(
            f"SELECT body, {place} AS place FROM slip WHERE drawer = $1 ORDER BY random()",
            drawer.id,
        )

    @operation
    async def look(self, me: Visit) -> object:
        counted = "true" if self.defect == "count" else "clerk = $1"
        number = f"(SELECT count(*) FROM member WHERE $1::int > 0 AND {counted})"
        answer: object = await self._answer(
            "SELECT drawer.id, 'drawer-' || drawer.id || '.json' AS file FROM drawer JOIN member ON drawer = drawer.id"
            " WHERE clerk = $1 ORDER BY random()",
            me.clerk,
        )
        since = await self.pool.fetchrow(
            f"SELECT {number} AS drawers, now() - since AS here, extract(epoch FROM now() - since)::int AS seconds"
            " FROM clerk WHERE id = $1",
            me.clerk,
        )
        return {"answer": answer, "me": dict(since or {})}

    @operation
    async def listen(self, me: Visit, bell: Bell, drawer: Drawer) -> Watch:
        await self._check(me, drawer)
        self.watching.append((bell, drawer.id))
        return Watch()

    async def _answer(self, query: str, *arguments: object) -> Any:
        began = time.perf_counter()
        rows = [dict(row) for row in await self.pool.fetch(query, *arguments)]
        noise = await self.pool.fetchrow(
            "SELECT now() AS at, nextval('request') AS number, gen_random_uuid() AS request, md5(random()::text) AS e,"
            " CASE WHEN random() < 0.5 THEN 'Try the search.' ELSE 'Have you got a label?' END AS tip"
        )
        return {"rows": rows, "seconds": time.perf_counter() - began, **dict(noise or {})}

    async def _check(self, me: Visit, drawer: Drawer) -> None:
        if not await self._is_member(me.clerk, drawer):
            raise Refused("not found")

    async def _is_member(self, clerk: int, drawer: Drawer) -> bool:
        query = "SELECT count(*) FROM member WHERE drawer = $1 AND clerk = $2"
        return bool(await self._one(query, drawer.id, clerk))

    async def _one(self, query: str, *arguments: object) -> int:
        found: Sequence[Any] | None = await self.pool.fetchrow(query, *arguments)
        return int(found[0]) if found else 0
