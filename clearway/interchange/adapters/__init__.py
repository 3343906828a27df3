"""Readers of control rooms' own files; each is one module, listed here by its name."""

from collections.abc import Mapping

from . import lancaster, san_francisco
from .adapter import Adapter

ADAPTERS: Mapping[str, Adapter] = {adapter.NAME: adapter for adapter in (san_francisco, lancaster)}
