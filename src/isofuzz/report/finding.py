"""One finding, told whole: what it is, why it is wrong, how it came about, and how to see it again."""

import shlex
import textwrap
from typing import Final

from rich.text import Text

from isofuzz.cases.case import Case
from isofuzz.cases.store import Finding
from isofuzz.oracles.crossing import FRAME
from isofuzz.oracles.violation import Breach, Violation
from isofuzz.program.vocabulary import Vocabulary
from isofuzz.report.compared import compared_lines
from isofuzz.report.earlier import earlier_lines
from isofuzz.report.printable import printable
from isofuzz.report.storyline import CROSSED, OTHER, Mark
from isofuzz.report.timeline import timeline

_WIDEST_PARAGRAPH: Final = 100
_LEGEND: Final = f"{CROSSED} the text in question   {OTHER}n the text of step n   {Mark.BREACH.value} what is wrong"


def finding_lines(finding: Finding, vocabulary: Vocabulary, width: int) -> list[Text]:
    """The finding in lines of at most `width` cells; the path and the command to replay it are never cut."""
    case = finding.case
    return [
        *story_lines(case, vocabulary, width),
        Text(),
        Text(f"steps   {_steps(case)}"),
        *_turns(case),
        Text(f"leaks   in {case.hit_rate} runs from reset; {confirmation(case)}"),
        *_place(finding),
    ]


def story_lines(case: Case, vocabulary: Vocabulary, width: int) -> list[Text]:
    """What happened in lines of at most `width` cells: title, explanation and pictures."""
    return [
        Text(title(case.violation), style="bold red"),
        Text(printable(case.fingerprint), style="dim"),
        Text(),
        *map(Text, textwrap.wrap(printable(case.explanation), min(width, _WIDEST_PARAGRAPH))),
        Text(),
        *earlier_lines(case, vocabulary, width),
        *timeline(case, vocabulary, width),
        Text(_legend(case), style="dim"),
        *compared_lines(case, width),
    ]


def replay_command(finding: Finding) -> str:
    """What to type to see the finding again; empty if its case could not be kept."""
    return "" if finding.unkept else printable(f"isofuzz replay {shlex.quote(str(finding.path))}")


def sighting(finding: Finding) -> str:
    """What was seen, and where it is kept, in a line."""
    place = f"NOT KEPT: {finding.unkept}" if finding.unkept else finding.path
    return printable(f"{title(finding.case.violation)}: {place}")


def title(violation: Violation) -> str:
    """The fingerprint of a violation in words."""
    observer = "a frame" if violation.observer == FRAME else violation.observer
    if violation.kind:
        observer += f" ({violation.kind})"
    writer, secret = violation.writer, violation.secret
    match violation.breach:
        case Breach.FOREIGN if secret:
            return f"{observer} showed a user a {secret} of someone else, written by {writer}"
        case Breach.FOREIGN:
            return f"{observer} showed a text of an earlier program, which a reset should have removed"
        case Breach.STALE:
            return f"{observer} showed a {secret}, written by {writer}, that was no longer there for the user"
        case Breach.MISPLACED:
            return f"{observer} showed a {secret}, written by {writer}, of another {violation.boundary}"
        case Breach.MISSING:
            return f"{observer} left out a {secret}, written by {writer}, that it had to show"
        case Breach.DENIED:
            return f"{observer} was refused to a user who is entitled to it"
        case Breach.UNDELIVERED:
            return f"a {secret}, written by {writer}, was not delivered to a user who had subscribed to it"
        case Breach.ECHOED:
            return f"a {secret}, written by {writer}, came back to its author"
        case Breach.REPEATED:
            return f"a {secret}, written by {writer}, was delivered twice"
        case Breach.REORDERED:
            return f"a {secret}, written by {writer}, was delivered out of order"
        case Breach.REPLAYED:
            return f"a {secret}, written by {writer}, was delivered although it had been missed"
        case Breach.INTRUDED:
            if not secret:
                return "a text of an earlier program is stored, which a reset should have removed"
            return f"a {secret} is stored that {writer} had no right to write"
        case Breach.MISFILED:
            return f"a {secret}, written by {writer}, is stored as another's"
        case Breach.LOST:
            return f"a {secret}, written by {writer}, is no longer stored"
        case Breach.TOLD:
            return f"{observer} tells whether a {violation.boundary} of someone else exists"
        case Breach.INTERFERED:
            return f"{observer} shows a user what others do in threads that are none of theirs"


def _legend(case: Case) -> str:
    """What the symbols in the pictures mean."""
    return _LEGEND + (f"   {Mark.LEFT_OUT.value} left out to compare" if case.violation.without else "")


def _place(finding: Finding) -> list[Text]:
    if finding.unkept:
        return [Text(f"case    NOT KEPT: {printable(finding.unkept)}", style="bold red")]
    return [Text(f"case    {printable(str(finding.path))}"), Text(f"replay  {replay_command(finding)}")]


def _steps(case: Case) -> str:
    found = f" (found with {case.steps_found})" if case.steps_found else ""
    before = [str(len(program)) for program in case.earlier]
    of = f" of {len(before)} earlier programs" if len(before) > 1 else " of an earlier program"
    after = f", after {' and '.join(before)}{of}" if before else ""
    return f"{len(case.program)}{found}{after}; {necessary(case)}"


def necessary(case: Case) -> str:
    """Does it take each of the steps, and if that is not known, why not?"""
    match case.shrunk:
        case True:
            return "each was tried away, and it takes them all"
        case False:
            return "NOT each was tried away, for the time to shrink was up"
        case None if len(case.program) < case.steps_found:
            return "not each was tried away"
        case None:
            return "not shrunk"


def _turns(case: Case) -> list[Text]:
    """How overlapping steps take turns, and what found that they can."""
    schedules = [burst.schedule for burst in case.program.bursts if burst.schedule is not None]
    taken = ", ".join(f"{str(each) or 0} ({_switches(each.switches)})" for each in schedules)
    found = f"found by {case.found_by}" if case.found_by else ""
    said = "; ".join(filter(None, (taken, found)))
    return [Text(f"turns   {said}")] if said else []


def _switches(count: int) -> str:
    return "1 switch" if count == 1 else f"{count} switches"


def confirmation(case: Case) -> str:
    """Was it shown again by a process of its own?"""
    match case.cold:
        case True:
            return "confirmed by a fresh process on a fresh database"
        case False:
            return "NOT shown again by a fresh process on a fresh database"
        case None:
            return "no fresh process has told whether it shows there"
