"""What the duties would log of a thousand failures is nobody's reading."""

import logging

import pytest


@pytest.fixture(autouse=True)
def quiet():
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)
