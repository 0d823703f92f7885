"""The operations command line of KnowAlledge."""

__version__ = "0.1.0"
