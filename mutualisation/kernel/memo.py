"""Remembers what rarely changes and many pages need: for a minute (taxonomies), or as long as its version holds."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
VERSIONS_KEPT = 8
_everything: list[Memo | Versioned] = []


class Memo(Generic[T]):
    """A function without arguments whose answer is kept ``seconds``, in this process."""

    def __init__(self, function: Callable[[], T], seconds: float) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self.seconds = seconds
        self.until = 0.0
        self.value: T | None = None
        _everything.append(self)

    def __call__(self) -> T:
        if self.value is None or time.monotonic() > self.until:
            self.value = self.function()
            self.until = time.monotonic() + self.seconds
        return self.value

    def clear(self) -> None:
        self.value, self.until = None, 0.0


class Versioned(Generic[T]):
    """A function whose last answers are kept, in this process, each as long as its version is asked for."""

    def __init__(self, function: Callable[[], T], keep: int = VERSIONS_KEPT) -> None:
        functools.update_wrapper(self, function)
        self.function, self.keep = function, keep
        self.values: dict[str, T] = {}
        _everything.append(self)

    def __call__(self, version: str) -> T:
        found = self.values.get(version)
        if found is None:
            found = self.values[version] = self.function()
            for old in list(self.values)[: -self.keep]:
                self.values.pop(old, None)
        return found

    def clear(self) -> None:
        self.values.clear()


def memo(seconds: float = 60) -> Callable[[Callable[[], T]], Memo[T]]:
    """Decorator: keep the answer ``seconds``."""
    return lambda function: Memo(function, seconds)


def forget_all() -> None:
    """Forget everything: after a change made here, and between tests."""
    for one in _everything:
        one.clear()
