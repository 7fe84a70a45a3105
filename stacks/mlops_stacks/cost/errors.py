"""Errors of the estimate."""


class CannotEstimate(Exception):
    """There is no estimate; the message says what is missing, what there is and what to do."""
