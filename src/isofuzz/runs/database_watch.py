"""What a run learns of its database besides leaks: what is left on pooled connections, and whom no policy binds."""

from collections.abc import Iterator

from isofuzz.engine.pooled import Pool
from isofuzz.history.entries import History
from isofuzz.oracles.hazard import Hazard
from isofuzz.oracles.posture import Posture, posture_hazards
from isofuzz.oracles.residue import Residue
from isofuzz.services import Services


class DatabaseWatch:
    """The hazards of one run's database, as far as they are known, and what of them nobody can tell."""

    def __init__(self, services: Services, pool: Pool) -> None:
        self._services = services
        self._pool = pool
        self._residue = Residue()
        self._posture: Posture | None = None

    def add(self, history: History) -> None:
        """Take the history of a program that was executed."""
        for at, entry in enumerate(history):
            self._residue.feed(at, entry)

    async def look(self) -> None:
        """Read the catalogue, unless that was done while the system was connected; to be called between programs.

        Raises InfrastructureError if the database cannot be read.
        """
        if self._posture is None or (self._posture.tables and not self._posture.connected):
            self._posture = await self._services.posture()

    def hazards(self) -> Iterator[Hazard]:
        """What is amiss."""
        yield from self._residue.hazards
        if self._posture:
            yield from posture_hazards(self._posture)

    def unjudged(self) -> Iterator[str]:
        """What could not be told, each in words. A target that does not lend its pool has promised nothing."""
        if self._posture and self._posture.tables and not self._posture.connected:
            yield (
                "posture not judged: there are policies, but between programs the system was never connected to the "
                "database, so nobody knows whom they have to bind"
            )
        pool = self._pool
        if not pool.is_lent_by_target:
            return
        if pool.failed:
            yield f"residue not judged in {pool.failed} of {pool.looks} looks: `pooled` failed with {pool.last_problem}"
        elif pool.looks and not pool.shown:
            yield "residue not judged: `pooled` never showed a connection"
