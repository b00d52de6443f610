"""A change of a case is a small difference of its file."""

import difflib
import json
from dataclasses import replace

from isofuzz.cases.case import Case
from isofuzz.cases.codec import to_json
from isofuzz.cases.layout import Line, laid_out
from isofuzz.program.prune import with_call
from isofuzz.program.schedule import Schedule
from isofuzz.program.steps import Burst, Call, Literal, Program, Ref


def changed_lines(before: Case, after: Case) -> list[str]:
    """The lines that are gone or new."""
    lines = difflib.ndiff(to_json(before).splitlines(), to_json(after).splitlines())
    return [line for line in lines if line.startswith(("+ ", "- "))]


def test_what_is_laid_out_is_read_back() -> None:
    value = {"a": [], "b": {}, "c": [1, "two", None], "d": [{"e": [[0]]}, []], "f": Line(g={"h": [{}]}), "straße": 1.5}
    assert json.loads(laid_out(value)) == value


def test_a_line_is_one_line_and_so_is_a_list_of_plain_values() -> None:
    text = laid_out({"program": [[Line(step=1, arguments={"me": {"ref": [0, 1]}})]], "hit_rate": [1, 2], "none": []})
    assert text.splitlines() == [
        "{",
        ' "program": [',
        "  [",
        '   {"step": 1, "arguments": {"me": {"ref": [0, 1]}}}',
        "  ]",
        " ],",
        ' "hit_rate": [1, 2],',
        ' "none": []',
        "}",
    ]


def test_two_changed_steps_are_two_changed_lines(case: Case) -> None:
    program = with_call(case.program, Call(3, "search", {"me": Ref(1, 1), "text": Literal("a")}))
    program = with_call(program, Call(0, "sign_in", {"name": Literal("eve")}))
    changed = changed_lines(case, replace(case, program=program))
    assert [line.split('"operation": ')[0].strip() for line in changed] == [
        '-    {"step": 0,',
        '+    {"step": 0,',
        '-    {"step": 3,',
        '+    {"step": 3,',
    ]


def test_a_changed_order_is_one_changed_line(case: Case) -> None:
    def scheduled(*decisions: int) -> Case:
        [first, *others] = case.program.bursts
        return replace(case, program=Program((Burst(first.calls, Schedule.of(decisions)), *others)))

    assert changed_lines(scheduled(0, 1), scheduled(0, 0, 1)) == ['-    "schedule": "01",', '+    "schedule": "001",']


def test_a_step_less_is_no_change_of_others(case: Case) -> None:
    fewer = replace(case, program=Program(case.program.bursts[:-1]))
    assert all(line.startswith("- ") or '"' not in line for line in changed_lines(case, fewer))
