"""Bytes as a socket hands them out: in any pieces."""

from collections.abc import Iterator

from hypothesis import strategies as st


def cut(text: bytes, data: st.DataObject) -> Iterator[bytes]:
    """The text in pieces that are drawn."""
    ends = sorted(data.draw(st.sets(st.integers(1, max(1, len(text) - 1)), max_size=8)))
    for begin, end in zip([0, *ends], [*ends, len(text)], strict=True):
        if begin < end:
            yield text[begin:end]
