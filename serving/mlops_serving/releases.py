"""Following the release log: from a release record to the versions that stand in a slot.

    current.json ─(ETag changed)─▶ cache.obtain ─▶ load_model ─▶ slot.change

Runs in a thread of its own, so that nothing here delays a request. Whatever fails on the way leaves
the served model alone; it is counted and logged once. A candidate that fails never touches stable. A
version that is still in memory is taken from there, without the store.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mlops_serving.cache import ArtifactCache
from mlops_serving.control import Action, Command
from mlops_serving.errors import (
    ArtifactError,
    ModelError,
    ObjectMissing,
    ReleaseError,
    ServingError,
    StoreError,
    StoreUnavailable,
)
from mlops_serving.folder import ArtifactFolder, ArtifactSource
from mlops_serving.logs import log
from mlops_serving.metrics.catalog import Metrics
from mlops_serving.metrics.process import process_age
from mlops_serving.models import LoadedModel, load_model
from mlops_serving.observe.requestlog import check_request_log
from mlops_serving.release import Release, current
from mlops_serving.settings import ModelSettings, Settings
from mlops_serving.slots import ModelSlot
from mlops_serving.store import NotModified, Store


class Follower:
    """Keeps one slot at the versions that the release log, or the settings, name."""

    def __init__(
        self,
        wanted: ModelSettings,
        settings: Settings,
        store: Store | None,
        slot: ModelSlot,
        metrics: Metrics,
        threads: int,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._wanted, self._settings, self._store = wanted, settings, store
        self._slot, self._metrics, self._threads, self._loop = slot, metrics, threads, loop
        self._cache = _source(wanted, settings, store)
        self._etag: str | None = None
        self._trouble = ""
        self._stopped = False
        self._wake = threading.Event()

    def run(self, give_up: Callable[[ServingError], None]) -> None:
        """Work until `stop`. `give_up` is called once if a pinned version can never be served."""
        while not self._stopped:
            self._wake.clear()
            try:
                done = self._slot.unloaded or self._step()
            except (ArtifactError, ModelError) as error:
                give_up(error)
                return
            except Exception:
                done = False
                log.exception("following the release log failed for a reason that is a bug")
                self._metrics.release_errors.labels(self._wanted.endpoint, "bug").add()
            self._wake.wait(None if done else self._settings.poll_seconds)

    def stop(self) -> None:
        """Let `run` return after the step it is in."""
        self._stopped = True
        self._wake.set()

    def obey(self, command: Command) -> None:
        """Load the model again, looking at the log anew, or hold it no more until told to."""
        self._slot.unloaded = command.action is Action.UNLOAD
        if self._slot.unloaded:
            self._slot.clear()
        self._etag = None
        self._wake.set()

    def _step(self) -> bool:
        """One look at the store; True when there is nothing more to do."""
        if self._wanted.version == "release":
            with self._reported():
                self._follow()
            return False
        with self._reported(pinned=True):
            self._serve(self._model(self._wanted.version))
            self._applied(True)
        return self._slot.ready

    def _follow(self) -> None:
        assert self._store is not None  # noqa: S101 - only a model with a folder, always pinned, has none
        found = current(self._store, self._wanted.endpoint, self._etag)
        self._metrics.store_up.labels().set(1)
        if isinstance(found, NotModified):
            return
        release, etag = found
        try:
            self._apply(release)
        except (ArtifactError, ModelError, ReleaseError):
            self._etag = etag  # the same release would only fail again
            self._applied(False)
            raise
        self._etag = etag
        self._applied(True)

    def _apply(self, release: Release) -> None:
        if release.model != self._wanted.name:
            raise ReleaseError(
                f"release {release.number} of endpoint {release.endpoint!r} is of model {release.model!r}, "
                f"this server is for {self._wanted.name!r}; append a release of that model"
            )
        stable = self._model(release.stable_version)
        if release.candidate_version is None:
            self._serve(stable)
        else:
            self._serve_with_candidate(release, stable, release.candidate_version)
        self._metrics.release_number.labels(self._wanted.endpoint).set(release.number)

    def _serve_with_candidate(self, release: Release, stable: LoadedModel, version: str) -> None:
        """Stable serves, whether the candidate can or not."""
        if not self._slot.ready or self._slot.resident()[0] is not stable:
            self._serve(stable)
        try:
            candidate = self._model(version)
            _same_signature(stable, candidate)
        except (ArtifactError, ModelError, ReleaseError):
            self._serve(stable)
            self._metrics.release_number.labels(self._wanted.endpoint).set(release.number)
            raise
        self._serve(stable, candidate, release)

    def _serve(
        self, stable: LoadedModel, candidate: LoadedModel | None = None, release: Release | None = None
    ) -> None:
        first = not self._slot.ready
        mode = release.mode if release and candidate else "stable"
        weight = release.weight if release and candidate else 0
        self._slot.change(stable, candidate, mode, weight)
        self._metrics.candidate_weight.only(self._wanted.endpoint, [])
        if candidate:
            self._metrics.candidate_weight.labels(self._wanted.endpoint, mode).set(weight)
        self._cache.keep({model.version for model in self._slot.resident()})
        if first:
            self._metrics.start_seconds.labels().set(process_age())
        fields = {"model": self._wanted.name, "version": stable.version}
        if candidate:
            fields |= {"candidate": candidate.version, "mode": mode, "weight": str(weight)}
        log.info("serving a model version", extra={"fields": fields})

    def _model(self, version: str) -> LoadedModel:
        """From memory, else from the store."""
        for model in self._slot.resident():
            if model.version == version:
                return model
        with self._cache.obtain(version) as (manifest, folder):
            self._metrics.store_up.labels().set(1)
            check_request_log(self._settings, manifest)
            allow_code = self._wanted.name in self._settings.allow_code
            return load_model(manifest, folder, self._threads, allow_code, self._loop)

    def _applied(self, whole: bool) -> None:
        self._metrics.release_applied.labels(self._wanted.endpoint).set(whole)

    @contextmanager
    def _reported(self, pinned: bool = False) -> Iterator[None]:
        """Count failures and log each new one; a pinned version that cannot work is passed on."""
        try:
            yield
        except ObjectMissing:
            self._metrics.store_up.labels().set(1)
            self._note("no_release", "the endpoint has no release yet; waiting for one", warn=False)
        except StoreUnavailable as error:
            self._metrics.store_up.labels().set(0)
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
            self._metrics.release_errors.labels(self._wanted.endpoint, kind).add()
        if self._trouble != kind:
            log.log(30 if warn else 20, text, extra={"fields": {"kind": kind}})
        self._trouble = kind


def _source(wanted: ModelSettings, settings: Settings, store: Store | None) -> ArtifactSource:
    if wanted.folder is not None:
        return ArtifactFolder(wanted.folder)
    assert store is not None  # noqa: S101 - the settings want a store for models without a folder
    return ArtifactCache(settings.cache_dir, store, wanted.name)


def _same_signature(stable: LoadedModel, candidate: LoadedModel) -> None:
    """A candidate answers requests that clients wrote for the stable version."""
    if candidate.signature != stable.signature:
        raise ReleaseError(
            f"candidate version {candidate.version} has other inputs or outputs than stable version "
            f"{stable.version}, so it cannot answer the same requests; release it as stable, or under "
            "another model name"
        )
