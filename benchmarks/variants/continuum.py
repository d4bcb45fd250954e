"""SQLAlchemy-Continuum: a version table for each class, and a transaction table."""

from functools import partial

from sqlalchemy_continuum import make_versioned

from benchmarks.variants.versioned import install_with

install = partial(install_with, make_versioned)
