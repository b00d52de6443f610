"""Findings for programs: a JSON object a line."""

import json

from isofuzz.report.page.contents import Contents
from isofuzz.runs.summary import finding_as_json


def json_lines(contents: Contents) -> str:
    """A line for each finding, with what it is to whoever looks again and again; field names are stable."""
    return "".join(
        json.dumps(
            {
                "target": contents.target,
                "defect": contents.defect,
                "state": shown.state,
                "first_seen": shown.first_seen or None,
                "last_seen": shown.last_seen or None,
                **finding_as_json(shown.finding),
            }
        )
        + "\n"
        for shown in contents.findings
    )
