"""The line of coverage over time, and what is written beside it."""

from isofuzz.report.page.growth import Growth
from isofuzz.runs.coverage import Point


def drawn(*points: Point) -> Growth:
    growth = Growth.of(points)
    assert growth
    return growth


def test_it_goes_from_the_lower_left_to_the_upper_right() -> None:
    growth = drawn(Point(0, 0, 0), Point(5, 1, 40), Point(10, 2, 80))
    assert growth.line == "0,160.0 320,80.0 640,0.0"


def test_its_ticks_are_round_and_of_a_unit_that_a_person_reads() -> None:
    growth = drawn(Point(0, 0, 0), Point(8 * 3600, 1, 437))
    assert [tick.label for tick in growth.seconds] == ["0 h", "2 h", "4 h", "6 h", "8 h"]
    assert [tick.label for tick in growth.covered] == ["0", "100", "200", "300", "400"]
    assert growth.seconds[-1].at == "640"
    assert [tick.label for tick in drawn(Point(0, 0, 0), Point(90, 1, 3)).seconds] == [
        "0 min",
        "0.5 min",
        "1 min",
        "1.5 min",
    ]
    assert [tick.label for tick in drawn(Point(0, 0, 0), Point(0.5, 1, 3)).seconds][-1] == "0.5 s"


def test_a_long_night_has_no_more_points_than_can_be_seen() -> None:
    points = [Point(second, second, second // 10) for second in range(8 * 3600)]
    line = drawn(*points).line.split()
    assert len(line) == 641
    assert (line[0].partition(",")[0], line[-1]) == ("0", "640,0.0")


def test_of_one_point_or_of_nothing_there_is_a_line_or_none() -> None:
    assert Growth.of(()) is None
    assert Growth.of((Point(0, 0, 0),)) is None
    assert drawn(Point(0, 0, 0), Point(0, 0, 0)).line == "0,160.0"
