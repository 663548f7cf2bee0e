"""Kraken: what is special about it, one module for each channel."""

from .rest import CONNECTOR as CONNECTOR
from .stream import STREAM as STREAM
