"""What ``flask erebus`` can do, a command a module; `erebus.cli` puts them together."""
