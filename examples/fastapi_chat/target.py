"""What people can do in the chat, in the words of isofuzz."""

from collections.abc import AsyncIterator

from isofuzz import (
    All, Grants, Http, Name, Record, Refused, Revokes, Secret, Services, Session, Subscription, Target, Thread, User,
    WebSocket, operation,
)

class Text(Secret): ...                # what a message says
class Person(User): id: int            # who acts
class Me(Session): http: Http          # a client of theirs, with their token
class Line(WebSocket): ...             # a socket of theirs
class Room(Thread): id: int            # the unit of isolation
class Message(Record): id: int         # what is in a room
class Feed(Subscription[Text]): ...    # from now on, a frame for each new Text in a room

class Chat(Target):
    async def lifespan(self, services: Services) -> AsyncIterator[None]:
        self.server = await services.process(
            "uvicorn", "app:app", "--port", "{port}", "--no-access-log",
            env={"DATABASE_URL": services.database_url}, ready="http://127.0.0.1:{port}/health",
        )
        async with Http(f"http://127.0.0.1:{self.server.port}") as self.http:
            yield

    @operation
    async def sign_up(self, name: Name) -> tuple[Person, Me, Line]:
        new = await self.http.post("/people", json={"name": name})
        bearer = f"Bearer {new['token']}"
        line = await Line.open(f"ws://127.0.0.1:{self.server.port}/feed", Authorization=bearer)
        return Person(new["id"]), Me(self.http.session(Authorization=bearer)), line

    @operation
    async def new_room(self, me: Me) -> Room:
        return Room((await me.http.post("/rooms"))["id"])

    @operation
    async def post(self, me: Me, room: Room, text: Text) -> Message:
        return Message((await me.http.post("/rooms", room.id, "messages", json={"text": text}))["id"])

    @operation
    async def read(self, me: Me, room: Room) -> All[Text]:
        return await me.http.get("/rooms", room.id, "messages")

    @operation
    async def invite(self, me: Me, room: Room, person: Grants[Person]) -> None:
        await me.http.put("/rooms", room.id, "members", person.id)

    @operation
    async def remove(self, me: Me, room: Room, person: Revokes[Person]) -> None:
        await me.http.delete("/rooms", room.id, "members", person.id)

    @operation
    async def watch(self, me: Me, line: Line, room: Room) -> Feed:
        answer = await line.ask({"watch": room.id}, until=lambda frame: frame.get("watch") == room.id)
        if not answer["ok"]:
            raise Refused(answer)
        return Feed()
