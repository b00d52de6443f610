"""A report as JUnit XML, which systems for continuous integration show beside other tests.

There is no standard; what all of them read is a suite with its counts, and cases with a failure or an error in them.
"""

import re
from xml.etree import ElementTree as Xml

from isofuzz.oracles.verdict import Verdict
from isofuzz.report.finding import replay_command, title
from isofuzz.report.page.contents import Contents, Shown, State

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 can hold in no way."""
_QUIET = (State.KNOWN, State.GONE)


def junit(contents: Contents) -> str:
    """A case for each operation that was exercised, one for each finding that counts, and one for whether all was."""
    name = _clean(f"isofuzz.{contents.target}" + (f".{contents.defect}" if contents.defect else ""))
    suite = Xml.Element("testsuite", name=name)
    for operation in sorted({reached.operation for reached in contents.reached}):
        Xml.SubElement(suite, "testcase", classname=name, name=_clean(operation))
    for shown in contents.findings:
        if shown.state not in _QUIET:
            _fail(suite, name, shown)
    _conclude(Xml.SubElement(suite, "testcase", classname=name, name="all was checked"), contents)
    for counted, kind in {"tests": "testcase", "failures": "testcase/failure", "errors": "testcase/error"}.items():
        suite.set(counted, str(len(suite.findall(kind))))
    Xml.indent(suite)
    return Xml.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _fail(suite: Xml.Element, name: str, shown: Shown) -> None:
    case = shown.finding.case
    place = Xml.SubElement(suite, "testcase", classname=name, name=_clean(case.fingerprint))
    failure = Xml.SubElement(place, "failure", message=_clean(title(case.violation)), type=str(case.violation.oracle))
    failure.text = _clean("\n\n".join(filter(None, (case.explanation, replay_command(shown.finding)))))


def _conclude(place: Xml.Element, contents: Contents) -> None:
    if contents.verdict is Verdict.ERROR:
        problems = [sentence for note in contents.notes for sentence in note.sentences]
        Xml.SubElement(place, "error", message=_clean(contents.headline)).text = _clean("\n".join(problems))
    elif contents.missing:
        Xml.SubElement(place, "failure", message="not everything was checked").text = _clean(
            "\n".join(contents.missing)
        )


def _clean(text: str) -> str:
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)
