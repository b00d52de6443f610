"""How likely the next program of a campaign is to show something new."""

from dataclasses import dataclass

_NONE_OF_MANY = 3
"""What was seen in none of n programs is rarer than 3 in n, with a confidence of 95 %."""


@dataclass(frozen=True)
class Outlook:
    """What `programs` drawn programs say of the next: `covered` was seen at all, `once` in exactly one of them."""

    programs: int
    covered: int
    once: int

    @property
    def chance(self) -> float | None:
        """How likely the next program is to show something that none did, at the most; None if nothing was drawn.

        This is the estimate of Good and Turing (Good 1953), for fuzzing by Böhme (STADS, 2018): what was seen in one
        program alone, by programs. A program shows many things, so this is how many new ones to expect, which bounds
        the chance of any.
        """
        return min(1.0, self.once / self.programs) if self.programs else None

    def __str__(self) -> str:
        if self.chance is None:
            return "No program was drawn, so nothing can be said of the next."
        if self.chance > 0.5 or self.programs <= _NONE_OF_MANY:
            chance = "anything up to certainty"
        elif not self.once:
            chance = f"less than {_NONE_OF_MANY} in {self.programs}"
        else:
            chance = f"at most 1 in {round(1 / self.chance)}"
        return (
            f"The chance that the next program shows something new is estimated to be {chance} "
            f"({self.once} of {self.covered} were seen in one of {self.programs} programs only). "
            f"That supposes that programs go on being drawn as they were, each without regard to the others, and says "
            f"nothing of what no drawn program can show."
        )
