"""The same region and feeds for the specifications as for the database tests."""

from tests.database.conftest import cad, hospitals, valley

__all__ = ["cad", "hospitals", "valley"]
