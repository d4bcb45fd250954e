"""How gunicorn serves Erebus: threads that wait for the database, and no control socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erebus.commands.settle import settle_at_start

if TYPE_CHECKING:
    from gunicorn.workers.base import Worker

worker_class = "gthread"
threads = 8
control_socket_disable = True
accesslog = None


def post_worker_init(worker: Worker) -> None:
    """Write what failures have left to be told by an earlier run."""
    settle_at_start(worker.wsgi)
