"""Readers of control rooms' and hospitals' own files; each is one module, listed here by its name."""

from collections.abc import Mapping

from . import lancaster, san_francisco, winter_sitrep
from .adapter import Adapter

ADAPTERS: Mapping[str, Adapter] = {
    adapter.NAME: adapter for adapter in (san_francisco, lancaster, winter_sitrep)
}
