"""Following the release log: from a release record to the model that is served.

    current.json ─(ETag changed)─▶ cache.obtain ─▶ load_model ─▶ slot.swap

Runs in a thread of its own, so that nothing here delays a request. Whatever fails on the way leaves
the served model alone; it is counted and logged once. A version that is still in memory is swapped
back without the store.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mlops_serving.cache import ArtifactCache
from mlops_serving.errors import (
    ArtifactError,
    ModelError,
    ObjectMissing,
    ReleaseError,
    ServingError,
    StoreError,
    StoreUnavailable,
)
from mlops_serving.logs import log
from mlops_serving.metrics import Metrics, process_age
from mlops_serving.models import LoadedModel, ModelSlot, load_model
from mlops_serving.release import Release, current
from mlops_serving.settings import Settings
from mlops_serving.store import NotModified, Store


class Follower:
    """Keeps the slot at the version that the release log, or the settings, name."""

    def __init__(
        self, settings: Settings, store: Store, slot: ModelSlot, metrics: Metrics, threads: int
    ) -> None:
        self._settings, self._store, self._slot, self._metrics = settings, store, slot, metrics
        self._cache = ArtifactCache(settings.cache_dir, store, settings.model)
        self._threads = threads
        self._etag: str | None = None
        self._trouble = ""
        self._stop = threading.Event()

    def run(self, give_up: Callable[[ServingError], None]) -> None:
        """Work until `stop`. `give_up` is called once if a pinned version can never be served."""
        while not self._stop.is_set():
            try:
                if self._step():
                    return
            except (ArtifactError, ModelError) as error:
                give_up(error)
                return
            except Exception:
                log.exception("following the release log failed for a reason that is a bug")
                self._metrics.release_errors.add("bug")
            self._stop.wait(self._settings.poll_seconds)

    def stop(self) -> None:
        """Let `run` return after the step it is in."""
        self._stop.set()

    def _step(self) -> bool:
        """One look at the store; True when there is nothing more to do."""
        if self._settings.model_version == "release":
            with self._reported():
                self._follow()
            return False
        with self._reported(pinned=True):
            self._serve(self._settings.model_version)
        return self._slot.current is not None

    def _follow(self) -> None:
        found = current(self._store, self._settings.endpoint, self._etag)
        self._metrics.store_up.set(1)
        if isinstance(found, NotModified):
            return
        release, etag = found
        try:
            self._apply(release)
        except (ArtifactError, ModelError, ReleaseError):
            self._etag = etag  # the same release would only fail again
            raise
        self._etag = etag

    def _apply(self, release: Release) -> None:
        if release.model != self._settings.model:
            raise ReleaseError(
                f"release {release.number} of endpoint {release.endpoint!r} is of model {release.model!r}, "
                f"this server is for {self._settings.model!r}; append a release of that model"
            )
        self._serve(release.stable_version)
        self._metrics.release.set(release.number)
        self._metrics.candidate.set(release.candidate_version is not None)
        if release.candidate_version:
            log.warning(
                "the release names a candidate, which this server does not serve; stable gets every request",
                extra={"fields": {"release": release.number, "candidate": release.candidate_version}},
            )

    def _serve(self, version: str) -> None:
        served = self._slot.current
        if served and served.version == version:
            return
        model = next((kept for kept in self._slot.resident if kept.version == version), None)
        self._slot.swap(model or self._load(version))
        self._cache.keep({kept.version for kept in self._slot.resident})
        if not served:
            self._metrics.start_seconds.set(process_age())
        fields = {"model": self._settings.model, "version": version, "from_memory": model is not None}
        log.info("serving a model version", extra={"fields": fields})

    def _load(self, version: str) -> LoadedModel:
        manifest, folder = self._cache.obtain(version)
        self._metrics.store_up.set(1)
        return load_model(manifest, folder, self._threads)

    @contextmanager
    def _reported(self, pinned: bool = False) -> Iterator[None]:
        """Count failures and log each new one; a pinned version that cannot work is passed on."""
        try:
            yield
        except ObjectMissing:
            self._metrics.store_up.set(1)
            self._note("no_release", "the endpoint has no release yet; waiting for one", warn=False)
        except StoreUnavailable as error:
            self._metrics.store_up.set(0)
            self._note("store_unavailable", f"{error}; what is loaded is served on")
        except StoreError as error:
            self._note("store", f"{error}; what is loaded is served on")
        except (ArtifactError, ModelError, ReleaseError) as error:
            if pinned:
                raise
            self._note(type(error).__name__, f"{error}; what is loaded is served on")
        except OSError as error:
            self._note("cache", f"the cache {self._settings.cache_dir} failed: {error}")
        else:
            if self._trouble:
                log.info("following the release log again", extra={"fields": {"after": self._trouble}})
            self._trouble = ""

    def _note(self, kind: str, text: str, warn: bool = True) -> None:
        if warn:
            self._metrics.release_errors.add(kind)
        if self._trouble != kind:
            log.log(30 if warn else 20, text, extra={"fields": {"kind": kind}})
        self._trouble = kind
