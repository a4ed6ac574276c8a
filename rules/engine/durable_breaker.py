"""When not to ask a failing engine again: the same facts that broke it, and anything at all while it keeps breaking."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

STRIKES = 2  # failures on the same facts, in a row, before they are never tried again
BURST = 5  # failures within WINDOW seconds before everything rests for REST seconds
WINDOW = 60.0
REST = 60.0
FIRST_DELAY = 1.0  # after the second failure in a row; doubles with each further one
_REMEMBERED = 1000


@dataclass(slots=True)
class Breaker:
    """Failures seen so far. `clock` gives seconds that never go back."""

    clock: Callable[[], float] = time.monotonic
    _strikes: "OrderedDict[bytes, int]" = field(default_factory=OrderedDict)
    _recent: "deque[float]" = field(default_factory=lambda: deque(maxlen=BURST))
    _in_a_row: int = 0
    _resting_until: float = 0.0

    def is_banned(self, digest: bytes) -> bool:
        """Whether these facts have broken the engine too often."""
        return self._strikes.get(digest, 0) >= STRIKES

    def is_resting(self) -> bool:
        """Whether no new child may be started now."""
        return self.clock() < self._resting_until

    def failed(self, digest: bytes | None) -> None:
        """Note a crash or hang, on the facts of `digest` or (None) at the start."""
        now = self.clock()
        self._recent.append(now)
        self._in_a_row += 1
        if digest is not None:
            self._strikes[digest] = self._strikes.pop(digest, 0) + 1
            if len(self._strikes) > _REMEMBERED:
                self._strikes.popitem(last=False)
        if self._in_a_row > 1:
            self._rest(now + min(FIRST_DELAY * 2 ** min(self._in_a_row - 2, 10), REST))
        if len(self._recent) == BURST and now - self._recent[0] <= WINDOW:
            self._rest(now + REST)

    def succeeded(self, digest: bytes) -> None:
        """Note an answer: the row of failures is over, for these facts too."""
        self._in_a_row = 0
        if self._strikes:
            self._strikes.pop(digest, None)

    def _rest(self, until: float) -> None:
        self._resting_until = max(self._resting_until, until)
