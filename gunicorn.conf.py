"""How gunicorn serves Erebus: threads that wait for the database, and no control socket."""

worker_class = "gthread"
threads = 8
control_socket_disable = True
accesslog = None
