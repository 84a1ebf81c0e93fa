"""Guards of the checker: nothing replaces it, nothing spoils its data, nothing keeps it for ever."""

from __future__ import annotations

import copy
import ctypes
import functools
import sys
import threading
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

FUNCTIONS = (types.FunctionType, types.MethodType, functools.partial)


def refuse(self: object, name: str, *value: object) -> None:
    """For ``__setattr__`` and ``__delattr__`` of what is read-only."""
    raise AttributeError(f"'{name}' stays as it is: exercises and their checks are read-only")


class _SealedModule(types.ModuleType):
    __setattr__ = __delattr__ = refuse


class SealedClass(type):
    """A class whose attributes cannot be set any more once its module is sealed."""

    def __setattr__(cls, name: str, value: object) -> None:
        if isinstance(sys.modules[cls.__module__], _SealedModule):
            refuse(cls, name)
        super().__setattr__(name, value)

    __delattr__ = refuse


def seal(module: str) -> None:
    """Let nobody set a module's attributes any more; the module's own code still does."""
    sys.modules[module].__class__ = _SealedModule


def copied(data: Mapping[str, Any]) -> dict[str, Any]:
    """A deep copy of each value, so far as it can be copied."""
    return {name: _copy(value) for name, value in data.items()}


def _copy(value: Any) -> Any:
    try:
        return copy.deepcopy(value)
    except Exception:  # a module, a generator, a tensor within a graph: nobody changes these by accident
        return value


def on_copies(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, but what it does to its arguments stays with it."""

    @functools.wraps(function)
    def call(*arguments: Any, **named: Any) -> Any:
        return function(*map(_copy, arguments), **copied(named))

    return call


class TimeUp(BaseException):
    """Not an Exception: a student's `except Exception` lets it through."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `TimeUp` in this thread after so many seconds, and again each second until the block ends.

    A thread of its own asks the interpreter for it, on every system; a single long call of a compiled
    library is not interrupted.
    """
    thread = ctypes.c_ulong(threading.get_ident())
    over, turn = threading.Event(), threading.Lock()

    def watch() -> None:
        pause = seconds
        while not over.wait(pause):
            with turn:
                if not over.is_set():
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(TimeUp))
            pause = 1

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        while not over.is_set():
            with suppress(TimeUp), turn:
                over.set()
        ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, None)
