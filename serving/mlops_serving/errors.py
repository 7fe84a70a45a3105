"""What can go wrong in serving, as one small tree.

    settings ─▶ store ─▶ release ─▶ artifact ─▶ model ─▶ request
       │          │         │          │          │         │
 SettingsError StoreError ReleaseError ArtifactError ModelError RequestError

Every failure on the way to a loaded model is a `ServingError`; a `RequestError` also knows the HTTP
status that answers it (Open Inference Protocol: any failure is a status with `{"error": text}`).
"""

from __future__ import annotations


class ServingError(Exception):
    """Base of everything this package raises on purpose. The message says what to do next."""


class SettingsError(ServingError):
    """An environment variable is unknown, missing or out of range."""


class StoreError(ServingError):
    """The object store refused or could not do what was asked."""


class StoreUnavailable(StoreError):
    """The store did not answer, or answered with a server error; trying later may help."""


class ObjectMissing(StoreError):
    """There is no object under that key."""


class ObjectExists(StoreError):
    """A conditional create found an object there already."""


class ObjectChanged(StoreError):
    """A conditional replace found another ETag than the caller had read."""


class ReleaseError(ServingError):
    """A release record is malformed or does not follow the log."""


class ReleaseConflict(ReleaseError):
    """Somebody else released in the meantime: read the current release again and decide anew."""


class ArtifactError(ServingError):
    """A model artifact is not what its manifest says, or the manifest is malformed."""


class DigestMismatch(ArtifactError):
    """A file of the artifact is missing, truncated or altered; the message names it."""


class ModelError(ServingError):
    """An artifact was intact but the model could not be loaded, or did not answer as its manifest says."""


class RequestError(ServingError):
    """A request that cannot be answered; `status` is the HTTP status of the reply."""

    status = 400
    kind = "bad_request"


class Unauthenticated(RequestError):
    """No key, or one that is not known; `challenge` goes into the WWW-Authenticate header (RFC 6750)."""

    status = 401
    kind = "unauthenticated"

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.challenge = 'Bearer realm="mlops"' + (f', error="{code}"' if code else "")


class Forbidden(RequestError):
    """The key is known, but not for this."""

    status = 403
    kind = "forbidden"


class UnexpectedData(RequestError):
    """Well-formed values that a strict model's manifest does not allow."""

    kind = "unexpected_data"


class NotFound(RequestError):
    """No such path, model or version."""

    status = 404
    kind = "not_found"


class MethodNotAllowed(RequestError):
    """The path is known, the method is not; `allowed` goes into the Allow header."""

    status = 405
    kind = "method_not_allowed"

    def __init__(self, message: str, allowed: str) -> None:
        super().__init__(message)
        self.allowed = allowed


class BodyIncomplete(RequestError):
    """The client closed or broke the connection before all of the body had come."""

    kind = "body_incomplete"


class BodyTooSlow(RequestError):
    """The body took longer than it may."""

    status = 408
    kind = "body_too_slow"


class BodyTooLarge(RequestError):
    """The body is over the limit."""

    status = 413
    kind = "body_too_large"


class UnsupportedEncoding(RequestError):
    """The body is compressed in a way that is not understood; `allowed` goes into Accept-Encoding."""

    status = 415
    kind = "unsupported_encoding"

    def __init__(self, message: str, allowed: str) -> None:
        super().__init__(message)
        self.allowed = allowed


class Unsupported(RequestError):
    """Valid by the protocol, but this server does not do it."""

    status = 501
    kind = "unsupported"


class Unavailable(RequestError):
    """The model cannot answer now; the client may come back after `retry_after` seconds."""

    status = 503
    kind = "unavailable"
    retry_after = 1


class Overloaded(Unavailable):
    """The queue is full, or too many large bodies are on their way."""

    kind = "overloaded"


class DeadlineExceeded(Unavailable):
    """The request waited longer than it wanted to."""

    kind = "deadline"


class PredictionFailed(RequestError):
    """The model itself failed on a well-formed request; `place` is where in its code, for the log."""

    status = 500
    kind = "prediction_failed"
    place = ""
