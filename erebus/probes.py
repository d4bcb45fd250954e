"""What watches over the process asks: is it alive, and is it ready to serve? Open to everybody, and tells no more.

Nobody is looked up for it, whatever cookies come along.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint

from erebus.health import CHEAP, ask
from erebus.permissions import public

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

bp = Blueprint("probes", __name__)


@bp.get("/healthz")
@public
def alive() -> ResponseReturnValue:
    """Say that the process is alive; nothing else is asked, not even the database."""
    return {"alive": True}


@bp.get("/readyz")
@public
def ready() -> ResponseReturnValue:
    """Say whether the process can serve, by the cheap ones of the questions that ``flask erebus doctor`` asks."""
    answers = ask(CHEAP)
    is_ready = all(answer.is_ok for answer in answers.values())
    return {"ready": is_ready, "questions": {n: a.is_ok for n, a in answers.items()}}, 200 if is_ready else 503
