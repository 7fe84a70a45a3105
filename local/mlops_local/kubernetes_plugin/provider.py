"""The engine's requests, each run in a thread of its own.

`server` calls these methods on its event loop; whatever talks to the cluster or waits happens in a
pool of threads, so that no resource holds up another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from pulumi.provider.experimental import provider as api

from mlops_local.kubernetes_plugin import check, compare, kubeconfig, lifecycle
from mlops_local.kubernetes_plugin.client import ApiClient
from mlops_local.kubernetes_plugin.errors import InputError, PluginError, UnsupportedTypeError
from mlops_local.kubernetes_plugin.names import Proposal
from mlops_local.kubernetes_plugin.progress import Progress
from mlops_local.kubernetes_plugin.session import Session
from mlops_local.kubernetes_plugin.settings import Settings, is_other_cluster, refusals, settings_of
from mlops_local.kubernetes_plugin.values import plain_map

THREADS = 256
"""More than the engine runs at once; threads are started as they are needed."""

Result = TypeVar("Result")


class KubernetesProvider(api.Provider):
    """The `kubernetes` package for one cluster, once `configure` has been called."""

    def __init__(self, engine: str | None = None) -> None:
        self._progress = Progress(engine)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="request")
        self._session: Session | None = None

    @property
    def session(self) -> Session:
        """The configured cluster.

        Raises:
            PluginError: the engine has not configured the provider.
        """
        if self._session is None:
            raise PluginError("the kubernetes provider is not configured")
        return self._session

    async def _run(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def check_config(self, request: api.CheckRequest) -> api.CheckResponse:
        """Refuse provider inputs that cannot be honoured."""
        refused = refusals(plain_map(request.new_inputs))
        failures = [api.CheckFailure(name, reason) for name, reason in refused.items()]
        return api.CheckResponse(inputs=request.new_inputs, failures=failures)

    async def diff_config(self, request: api.DiffRequest) -> api.DiffResponse:
        """Another cluster means every object is made anew; other settings change in place."""
        old, new = plain_map(request.old_state), plain_map(request.new_inputs)
        changed = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
        changed = [key for key in changed if key != "version"]
        moved = bool(changed) and is_other_cluster(settings_of(old), settings_of(new))
        return api.DiffResponse(changes=bool(changed), replaces=changed if moved else [], diffs=changed)

    async def configure(self, request: api.ConfigureRequest) -> api.ConfigureResponse:
        """Read the kubeconfig; the first request connects."""
        self.connect(settings_of(plain_map(request.args)))
        return api.ConfigureResponse(accept_secrets=True, supports_preview=True)

    def connect(self, settings: Settings) -> None:
        """Choose the cluster.

        Raises:
            KubeconfigError: the kubeconfig cannot be read or does not hold the context.
        """
        access = kubeconfig.load(settings.kubeconfig, settings.context)
        self._session = Session(ApiClient(access), settings, self._progress)

    async def check(self, request: api.CheckRequest) -> api.CheckResponse:
        """Complete the inputs; see `check.check`."""
        return await self.check_named(request, None)

    async def check_named(self, request: api.CheckRequest, proposal: Proposal | None) -> api.CheckResponse:
        """Complete the inputs with the engine's autonaming."""
        olds, news, seed = request.old_inputs, request.new_inputs, request.random_seed
        try:
            inputs = await self._run(
                lambda: check.check(self.session, request.type, request.name, olds, news, seed, proposal)
            )
        except InputError as error:
            return api.CheckResponse(inputs=news, failures=[api.CheckFailure(error.path, str(error))])
        return api.CheckResponse(inputs=inputs)

    async def diff(self, request: api.DiffRequest) -> api.DiffResponse:
        """Say what an update would change; see `compare.compare`."""
        identity, olds, news = request.resource_id, request.old_state, request.new_inputs
        return await self._run(lambda: compare.compare(self.session, identity, olds, news))

    async def create(self, request: api.CreateRequest) -> api.CreateResponse:
        """Create the object, or preview it; see `lifecycle`."""
        new = lifecycle.resource(request.urn, request.properties, None, request.timeout)
        if request.preview:
            previewed = await self._run(lambda: lifecycle.preview_create(self.session, new))
            return api.CreateResponse(properties=previewed)
        identity, outputs = await self._run(lambda: lifecycle.create(self.session, new))
        return api.CreateResponse(identity, outputs)

    async def update(self, request: api.UpdateRequest) -> api.UpdateResponse:
        """Change the object, or preview that; see `lifecycle`."""
        olds, ignored = request.olds, list(request.ignore_changes)
        new = lifecycle.resource(request.urn, request.news, olds, request.timeout)
        if request.preview:
            outputs = await self._run(lambda: lifecycle.preview_update(self.session, new, olds, ignored))
        else:
            outputs = await self._run(lambda: lifecycle.update(self.session, new, ignored))
        return api.UpdateResponse(outputs)

    async def delete(self, request: api.DeleteRequest) -> None:
        """Delete the object and wait for its end; see `lifecycle.remove`."""
        urn, identity, olds, seconds = request.urn, request.resource_id, request.properties, request.timeout
        await self._run(lambda: lifecycle.remove(self.session, urn, identity, olds, seconds))

    async def read(self, request: api.ReadRequest) -> api.ReadResponse:
        """Find the object as it is now, for a refresh or an import; no id when it is gone."""
        token, identity = request.type, request.resource_id
        found = await self._run(
            lambda: compare.read(self.session, token, identity, request.properties, request.inputs)
        )
        if found is None:
            return api.ReadResponse()
        outputs, inputs = found
        return api.ReadResponse(identity, outputs, inputs)

    async def invoke(self, request: api.InvokeRequest) -> api.InvokeResponse:
        """Functions of the official plugin (YAML, Helm, Kustomize) are not part of this one."""
        raise UnsupportedTypeError(
            f"{request.tok} is not supported by this kubernetes plugin: declare the objects as resources"
        )

    async def cancel(self) -> None:
        """End every wait."""
        if self._session is not None:
            self._session.cancel.set()
