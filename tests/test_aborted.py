"""What an error stops in the middle of a request is kept, whatever the view did: no code in a feature is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from flask import abort, g
from sqlalchemy.exc import IntegrityError

from erebus.db import db, transaction
from erebus.permissions import public
from erebus.trail import Refused, open_bursts, read_log
from tests.blueprints.projects.conftest import register
from tests.plugins import notes, tallies
from tests.plugins.tallies import DailyTally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from flask import Flask
    from flask.testing import FlaskClient

    from erebus.plugins import Plugin
    from erebus.trail import AuditEvent
