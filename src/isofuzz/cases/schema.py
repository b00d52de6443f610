"""The JSON Schema of case files, which ships with the package."""

from importlib.resources import files

SCHEMA = "case.schema.json"


def schema_text() -> str:
    """The schema, of every version that can be read, as JSON Schema 2020-12 has it."""
    return files("isofuzz.cases").joinpath(SCHEMA).read_text(encoding="utf-8")
