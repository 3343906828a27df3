"""The same region and feeds for the specifications as for the database tests."""

from tests.database.conftest import cad, valley

__all__ = ["cad", "valley"]
