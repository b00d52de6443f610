"""The whole of an exported test: what stands above the story, and around it."""

import ast
from typing import Final

from isofuzz.cases.case import Case
from isofuzz.errors import UsageError
from isofuzz.oracles.staleness import lost_by
from isofuzz.oracles.violation import Breach, Oracle, Violation
from isofuzz.report.exporting.calls import HISTORY, Calls
from isofuzz.report.exporting.comments import evidence
from isofuzz.report.exporting.names import Imports, LocalNames, snake
from isofuzz.report.exporting.python import Atom, Expression, Group, Text, laid_out
from isofuzz.report.exporting.telling import OVERLAP, Telling
from isofuzz.runs.fitting import check_fits
from isofuzz.runs.planting import planted
from isofuzz.runs.reproduction import tries_for
from isofuzz.target.base import Target
from isofuzz.target.signatures import Signatures, read_signatures

_DOCSTRING: Final = (
    '"""A finding of isofuzz, kept as a test.',
    "",
    "It fails, with the story of what leaks, until isolation is mended, and passes from then on.",
    '"""',
)
_NAMES: Final = {
    Breach.FOREIGN: "shows_nothing_of_others",
    Breach.STALE: "shows_nothing_that_is_gone",
    Breach.MISPLACED: "shows_nothing_of_other_places",
    Breach.MISSING: "leaves_nothing_out",
    Breach.DENIED: "is_not_refused_to_the_entitled",
    Breach.UNDELIVERED: "reaches_who_subscribed",
    Breach.ECHOED: "does_not_come_back",
    Breach.REPEATED: "comes_once",
    Breach.REORDERED: "comes_in_order",
    Breach.REPLAYED: "does_not_come_late",
    Breach.INTRUDED: "holds_nothing_of_intruders",
    Breach.MISFILED: "is_filed_where_it_belongs",
    Breach.LOST: "is_not_lost",
    Breach.TOLD: "does_not_tell_what_exists",
    Breach.INTERFERED: "does_not_depend_on_others",
}


def test_source(case: Case, target_class: type[Target]) -> str:
    """A pytest module that shows the finding of the case as long as there is one.

    Raises UsageError for what no such test can be made of, and CaseUnreadable for a case that does not fit the target.
    """
    if case.was_seen_only_when_found:
        raise UsageError(
            f"it was seen once, and not again ({case.hit_rate} runs), so a test of it would pass as things are: keep "
            "the case, and export it once it was found again"
        )
    signatures = read_signatures(target_class)
    check_fits(case, signatures.vocabulary)
    planted(target_class, case.defect)
    try:
        source = _module(case, target_class, signatures)
        ast.parse(source)
    except (SyntaxError, RecursionError, MemoryError) as problem:
        raise UsageError(f"Python cannot hold its program: {problem}") from None
    return source


def _module(case: Case, target_class: type[Target], signatures: Signatures) -> str:
    imports = Imports(case.target)
    target, history = imports.of(target_class), imports.name("isofuzz", "HistoryByHand")
    test = _test_name(case.violation)
    classes = (*signatures.things.values(), *signatures.secrets.values(), target_class)
    taken = {cls.__qualname__.split(".")[0] for cls in classes}
    names = LocalNames({*taken, HISTORY, OVERLAP, "isolation_story", "suppress", test})
    chat = names.new(snake(target_class.__name__))
    calls = Calls(target_class, signatures, imports, chat)
    parameters = Group(f"{test}(", ((f"{chat}: ", Atom(target)), (f"{HISTORY}: ", Atom(history))), ")")
    story = [
        *laid_out("@", _decorator(case, calls, target), "", 0),
        *laid_out("async def ", parameters, " -> None:", 0),
        *Telling(case, calls, names).lines(),
    ]
    head = [*_DOCSTRING, "", *imports.lines(), "", "", *evidence(case, imports.beside)]
    return "\n".join((*head, *story)) + "\n"


def _decorator(case: Case, calls: Calls, target: str) -> Group:
    items: list[tuple[str, Expression]] = [("", Atom(target))]
    if case.defect is not None:
        items.append(("defect=", Text(case.defect)))
    if case.violation.oracle is Oracle.NONINTERFERENCE:
        items.append(("compared=", Atom("True")))
    if calls.target_class.grace and lost_by(case.history, case.violation, calls.signatures.vocabulary):
        items.append(("past_grace=", Atom("True")))
    if (runs := tries_for(case.hit_rate)) > 1:
        items.append(("runs=", Atom(str(runs))))
    story = calls.imports.name("isofuzz", "isolation_story")
    return Group(f"{story}(", tuple(items), ")")


def _test_name(violation: Violation) -> str:
    """What has to be so, as the name of a function; of the case's own words only plain letters and digits."""
    return f"test_{snake(violation.observer)}_{_NAMES[violation.breach]}"
