"""Asocial: a canvas you talk on. Words appear where you click, as you type, and are gone five seconds later."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("asocial")
except PackageNotFoundError:  # run from a source tree that was never installed
    __version__ = "0+source"
