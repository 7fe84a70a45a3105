"""Errors of the stack program's settings."""


class SettingsError(Exception):
    """Settings that cannot be used; the message lists every problem: where, what was given and allowed."""
