"""What a server of WSGI runs: ``gunicorn wsgi:app``."""

from erebus import create_app

app = create_app()
