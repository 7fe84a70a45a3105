"""Errors of the components: one class, raised by the pure checks before anything is registered."""


class InvalidValue(ValueError):
    """A value that a component cannot take.

    The message says what was given, what is allowed and, where it is not plain, what to do.  It is a
    `ValueError`, so that pydantic models outside this package can use the same checks.
    """
