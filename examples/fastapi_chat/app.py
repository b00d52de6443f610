"""A small chat: people, rooms with members and messages, and a WebSocket that brings each new message of a room."""

import os
import secrets
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Annotated, Any

from fastapi import Body, Depends, FastAPI, HTTPException, Path, WebSocket, WebSocketDisconnect
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from starlette.requests import HTTPConnection
from tables import Base, Member, Message, Person, Room

engine = create_async_engine(make_url(os.environ["DATABASE_URL"]).set(drivername="postgresql+asyncpg"))
new_session = async_sessionmaker(engine, expire_on_commit=False)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield
    await engine.dispose()


app = FastAPI(title="Chat", lifespan=lifespan)
watchers: defaultdict[int, dict[WebSocket, int]] = defaultdict(dict)  # by room: who watches it on which socket


async def database() -> AsyncIterator[AsyncSession]:
    async with new_session() as db:
        yield db


Database = Annotated[AsyncSession, Depends(database, scope="function")]
Id = Annotated[int, Path(gt=0, lt=2**31)]
Text = Annotated[str, Body(embed=True)]


async def signed_in(connection: HTTPConnection, db: Database) -> Person:
    token = connection.headers.get("authorization", "").removeprefix("Bearer ")
    person = await db.scalar(select(Person).where(Person.token == token))
    if person is None:
        raise HTTPException(401, "sign up first")
    return person


Me = Annotated[Person, Depends(signed_in)]


async def members(db: AsyncSession, room_id: int) -> set[int]:
    return set(await db.scalars(select(Member.person_id).where(Member.room_id == room_id)))


async def room_of_mine(room_id: Id, me: Me, db: Database) -> Room:
    room = await db.get(Room, room_id)
    if room is None or me.id not in await members(db, room_id):
        raise HTTPException(404, "no such room")
    return room


MyRoom = Annotated[Room, Depends(room_of_mine)]


@app.get("/health")
async def health() -> str:
    return "up"


@app.post("/people", status_code=201)
async def sign_up(name: Text, db: Database) -> dict[str, Any]:
    adding = insert(Person).values(name=name, token=secrets.token_urlsafe()).on_conflict_do_nothing()
    person = await db.scalar(adding.returning(Person))
    await db.commit()
    if person is None:
        raise HTTPException(409, "this name is taken")
    return {"id": person.id, "token": person.token}


@app.post("/rooms", status_code=201)
async def new_room(me: Me, db: Database) -> dict[str, Any]:
    room_id = await db.scalar(insert(Room).values(owner_id=me.id).returning(Room.id))
    await db.execute(insert(Member).values(room_id=room_id, person_id=me.id))
    await db.commit()
    return {"id": room_id}


@app.get("/rooms/{room_id}/messages")
async def read(room: MyRoom, db: Database) -> list[dict[str, Any]]:
    query = select(Message.id, Person.name.label("author"), Message.text).join(Person).order_by(Message.id)
    messages = await db.execute(query.where(Message.room_id == room.id))
    return [dict(message) for message in messages.mappings()]


@app.post("/rooms/{room_id}/messages", status_code=201)
async def post(room: MyRoom, me: Me, text: Text, db: Database) -> dict[str, Any]:
    message = Message(room_id=room.id, author_id=me.id, text=text)
    db.add(message)
    await db.commit()
    await announce(message, db)
    return {"id": message.id}


@app.put("/rooms/{room_id}/members/{person_id}", status_code=204)
async def invite(room: MyRoom, person_id: Id, db: Database) -> None:
    if await db.get(Person, person_id) is None:
        raise HTTPException(404, "no such person")
    await db.execute(insert(Member).values(room_id=room.id, person_id=person_id).on_conflict_do_nothing())
    await db.commit()


@app.delete("/rooms/{room_id}/members/{person_id}", status_code=204)
async def remove(room: MyRoom, me: Me, person_id: Id, db: Database) -> None:
    if me.id != room.owner_id or person_id == me.id:
        raise HTTPException(403, "the owner removes others")
    await db.execute(delete(Member).where(Member.room_id == room.id, Member.person_id == person_id))
    await db.commit()


@app.websocket("/feed")
async def feed(socket: WebSocket) -> None:
    """Answer each `{"watch": room}`; from then on the socket gets the new messages of that room."""
    async with new_session() as db:
        me = await signed_in(socket, db)
    await socket.accept()
    try:
        async for request in socket.iter_json():
            room_id = request["watch"]
            async with new_session() as db:
                allowed = me.id in await members(db, room_id)
            if allowed:
                watchers[room_id][socket] = me.id
            await socket.send_json({"watch": room_id, "ok": allowed})
    finally:
        for watching in watchers.values():
            watching.pop(socket, None)


async def announce(message: Message, db: AsyncSession) -> None:
    """Send a new message to those members of its room who watch it."""
    audience = await members(db, message.room_id)
    sockets = [socket for socket, person_id in watchers[message.room_id].items() if person_id in audience]
    for socket in sockets:
        with suppress(WebSocketDisconnect, RuntimeError):  # it has just hung up
            await socket.send_json({"room": message.room_id, "text": message.text})
