"""What may still matter: collections that forget what is certainly over, so that looking at them stays quick."""

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")

_FEW = 16


class Current(Generic[Item]):
    """Items in the order in which they were first added. Now and then, those are dropped that no longer matter.

    So it holds at most about twice as many as do, and adding takes the same time however many there were.
    """

    __slots__ = ("_items", "_limit")

    def __init__(self) -> None:
        self._items: dict[Item, None] = {}
        self._limit = _FEW

    def add(self, item: Item, matters: Callable[[Item], bool]) -> None:
        """Add an item, unless it is there; `matters` says which of them still do, and never says yes after a no."""
        self._items[item] = None
        if len(self._items) > self._limit:
            self._items = {each: None for each in self._items if matters(each)}
            self._limit = max(_FEW, 2 * len(self._items))

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items)

    def __reversed__(self) -> Iterator[Item]:
        return reversed(self._items)
