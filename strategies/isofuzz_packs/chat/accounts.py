"""Users and their sessions as they are stored: each method is one operation in one transaction."""

import hashlib
import secrets

from isofuzz_packs.chat.cache import Cache
from isofuzz_packs.chat.refusals import NotFound
from isofuzz_packs.chat.transactions import Database, Session


class Accounts:
    """Users, what they say about themselves, and their sessions."""

    def __init__(self, database: Database, cache: Cache) -> None:
        self._database = database
        self._cache = cache

    async def sign_in(self, name: str) -> tuple[Session, str]:
        """A new session of the user of that name, who may be new, and its token."""
        token = secrets.token_urlsafe()
        async with self._database.anonymous() as transaction:
            await transaction.set("app.name", name)
            [user] = await transaction.rows(
                """INSERT INTO users (name) VALUES (:name)
                   ON CONFLICT (name) DO UPDATE SET signed_in_at = now() RETURNING id""",
                name=name,
            )
            session = Session(user.id, _hash(token))
            await transaction.write(
                "INSERT INTO sessions (token_hash, user_id) VALUES (:token_hash, :user)",
                token_hash=session.token_hash,
                user=session.user,
            )
        return session, token

    async def resume(self, token: str) -> Session:
        """The session of that token."""
        token_hash = _hash(token)
        async with self._database.anonymous() as transaction:
            await transaction.set("app.token_hash", token_hash)
            found = await transaction.row(
                "SELECT user_id FROM sessions WHERE token_hash = :token_hash", token_hash=token_hash
            )
        if found is None:
            raise NotFound
        return Session(found.user_id, token_hash)

    async def log_out(self, session: Session) -> None:
        """End the session."""
        async with self._database.writing(session) as transaction:
            await transaction.write(
                "DELETE FROM sessions WHERE token_hash = :token_hash", token_hash=session.token_hash
            )

    async def set_about(self, session: Session, about: str) -> None:
        """Replace the text about the user."""
        async with self._database.writing(session) as transaction:
            await transaction.write(
                "UPDATE users SET about = :about, about_version = about_version + 1 WHERE id = :me",
                about=about,
                me=session.user,
            )

    async def about(self, session: Session) -> str:
        """The text about the user, from the cache if it is there as it was written last."""
        key = f"about:{session.user}"
        async with self._cache.looking_up(key) as of_version, self._database.reading(session) as transaction:
            [user] = await transaction.rows("SELECT about_version FROM users WHERE id = :me", me=session.user)
            kept = await of_version(user.about_version)
            if kept is not None:
                return kept
            [user] = await transaction.rows("SELECT about, about_version FROM users WHERE id = :me", me=session.user)
        await self._cache.keep(key, user.about_version, user.about)
        return str(user.about)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
