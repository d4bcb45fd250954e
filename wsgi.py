"""What a server of WSGI runs: ``gunicorn wsgi:app``."""

import gc

from erebus import create_app

app = create_app()
gc.freeze()  # what the start has made stays: no request waits while it is looked through for garbage
