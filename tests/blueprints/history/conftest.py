"""The same project with a log as in the tests of the log."""

from tests.blueprints.audit.conftest import change, log, project, reader, refuse, tamper, write

__all__ = ["change", "log", "project", "reader", "refuse", "tamper", "write"]
