"""What the chat stores."""

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    id: Mapped[int] = mapped_column(primary_key=True)


class Person(Base):
    __tablename__ = "people"
    name: Mapped[str] = mapped_column(unique=True)
    token: Mapped[str] = mapped_column(unique=True)


class Room(Base):
    __tablename__ = "rooms"
    owner_id: Mapped[int] = mapped_column(ForeignKey(Person.id))


class Member(Base):
    __tablename__ = "members"
    __table_args__ = (UniqueConstraint("room_id", "person_id"),)
    room_id: Mapped[int] = mapped_column(ForeignKey(Room.id))
    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id))


class Message(Base):
    __tablename__ = "messages"
    room_id: Mapped[int] = mapped_column(ForeignKey(Room.id), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey(Person.id))
    text: Mapped[str]
