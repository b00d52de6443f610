"""The tables of a campaign's state."""

from sqlalchemy import Column, Float, Integer, MetaData, String, Table

TABLES = MetaData()
ABOUT = Table("about", TABLES, Column("name", String, primary_key=True), Column("value", String, nullable=False))
NIGHTS = Table(
    "nights",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("began", String, nullable=False),
    Column("ended", String),
    Column("seconds", Float, nullable=False, default=0.0),
    Column("for_seconds", Float),
    Column("for_programs", Integer),
    Column("assignment", String, nullable=False),
    Column("circumstances", String, nullable=False),
)
ORDERS = Table(
    "orders",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("night", Integer, nullable=False),
    Column("task", String, nullable=False),
    Column("part", String, nullable=False),
    Column("worker", String, nullable=False),
    Column("at", Float, nullable=False),
    Column("programs", Integer, nullable=False),
    Column("operations", Integer, nullable=False),
    Column("new", Integer, nullable=False),
)
TALLIES = Table(
    "tallies",
    TABLES,
    Column("night", Integer, primary_key=True),
    Column("name", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("count", Integer, nullable=False),
)
COVERAGE = Table(
    "coverage",
    TABLES,
    Column("key", String, primary_key=True),
    Column("programs", Integer, nullable=False),
    Column("swept", Integer, nullable=False),
)
CORPUS = Table(
    "corpus",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("program", String, nullable=False),
)
FINDINGS = Table(
    "findings",
    TABLES,
    Column("fingerprint", String, primary_key=True),
    Column("observer", String, nullable=False),
    Column("state", String, nullable=False),
    Column("worked", Integer, nullable=False, default=0),
    Column("first_seen", String, nullable=False),
    Column("last_seen", String, nullable=False),
    Column("night", Integer, nullable=False),
    Column("case", String, nullable=False),
)
HAZARDS = Table(
    "hazards",
    TABLES,
    Column("night", Integer, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("subject", String, primary_key=True),
    Column("sentence", String, nullable=False),
)
SUSPECTS = Table(
    "suspects",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("night", Integer, nullable=False),
    Column("at", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("program", String),
)
EVENTS = Table(
    "events",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("night", Integer, nullable=False),
    Column("at", String, nullable=False),
    Column("worker", String, nullable=False),
    Column("what", String, nullable=False),
)
