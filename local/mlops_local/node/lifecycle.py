"""Start, stop and look at one node. The order of a start:

lock -> credentials and files -> process 1 (namespaces, supervisord) -> etcd, registry, containerd, API
server -> controllers, scheduler, kubelet, kube-proxy -> Ready. Any step may be interrupted: the next start
finds it half done and goes on. A running node is known by its control group, and ended by killing process 1.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from mlops_local.errors import NodeError
from mlops_local.node import launch, readiness
from mlops_local.node.access import administrator_granted
from mlops_local.node.files import differ, write_private
from mlops_local.node.layout import Layout
from mlops_local.node.lock import delete_home, is_home, locked
from mlops_local.node.pki import credentials_are_current, ensure_credentials, write_kubeconfig
from mlops_local.node.programs import API_SERVER, KUBELET, forwarders, node_programs
from mlops_local.node.render import config_files, forwarders_file
from mlops_local.node.spec import Binaries, NodeAccess, NodeSpec, NodeStatus, ProcessState
from mlops_local.node.supervisor import Supervisor

Report = Callable[[str], None]


def start(spec: NodeSpec, binaries: Binaries, report: Report) -> NodeAccess:
    """Bring the node up, with the data that it had, and return when it is Ready.

    A running node with the same spec is left alone; changed published ports are taken over live; any other
    change restarts it. Raises NodeError with the last lines of the program that failed.
    """
    with locked(spec, "start"):
        supervisor = _current_supervisor(spec, binaries, report)
        if supervisor is None:
            supervisor = _boot(spec, binaries, report)
        else:
            _update_forwarders(spec, supervisor)
        kubeconfig = write_kubeconfig(spec)
        _bring_up(spec, binaries, supervisor, report)
        return NodeAccess(kubeconfig=kubeconfig, registry=spec.registry)


def stop(spec: NodeSpec, report: Report) -> None:
    """End every process of the node and remove what it made outside its home. Harmless when nothing runs.

    Raises NodeError when a node of that name runs from another home: it is somebody else's.
    """
    supervisor = Supervisor.find(spec.name)
    if supervisor is not None:
        _refuse_another_home(spec, supervisor)
    if is_home(spec.home):
        with locked(spec, "stop"):
            _halt(spec, report)
    else:
        _halt(spec, report)


def purge(spec: NodeSpec, report: Report) -> None:
    """Stop the node and delete its home with all data. Raises NodeError when it is no node's home."""
    ours = is_home(spec.home)
    stop(spec, report)
    if ours:
        report(f"Deleting {spec.home}")
        delete_home(spec.home)
    elif spec.home.exists():
        raise NodeError(
            f"{spec.home} holds no node (no file `lock`), so it is not deleted; "
            "remove it by hand if it may go"
        )


def status(spec: NodeSpec) -> NodeStatus:
    """What runs now; asks only, changes nothing."""
    supervisor = Supervisor.find(spec.name)
    if supervisor is None or not supervisor.answers():
        return NodeStatus(running=supervisor is not None, ready=False)
    with readiness.api_client(spec) as client:
        ready = readiness.api_answers(spec) and readiness.node_is_ready(spec, client)
    return NodeStatus(running=True, ready=ready, processes=supervisor.processes())


def _current_supervisor(spec: NodeSpec, binaries: Binaries, report: Report) -> Supervisor | None:
    """The running node's supervisor, if that node may go on as it is."""
    supervisor = Supervisor.find(spec.name)
    if supervisor is None:
        return None
    _refuse_another_home(spec, supervisor)
    if not launch.answers_soon(supervisor):
        report("The node hangs; restarting it")
    elif differ(config_files(spec, binaries)) or not credentials_are_current(spec):
        report("The node's settings changed; restarting it")
    else:
        return supervisor
    _halt(spec, report)
    return None


def _refuse_another_home(spec: NodeSpec, supervisor: Supervisor) -> None:
    command = supervisor.command()
    if command and not any(Path(argument).is_relative_to(spec.home) for argument in command):
        raise NodeError(
            f"a node called {spec.name} runs already, from another folder (process {supervisor.pid}: "
            f"{' '.join(command).strip()}); stop that one or choose another name"
        )


def _boot(spec: NodeSpec, binaries: Binaries, report: Report) -> Supervisor:
    launch.clear(spec.name)
    layout = Layout(spec.home)
    for folder in layout.folders():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_private(layout.spec_file, spec.model_dump_json(indent=2))
    ensure_credentials(spec, binaries, report)
    for path, text in config_files(spec, binaries).items():
        write_private(path, text)
    write_private(layout.forwarders_config, forwarders_file(spec))
    report("Starting the node's supervisor")
    return launch.process_one(spec)


def _update_forwarders(spec: NodeSpec, supervisor: Supervisor) -> None:
    layout = Layout(spec.home)
    write_private(layout.spec_file, spec.model_dump_json(indent=2))
    if write_private(layout.forwarders_config, forwarders_file(spec)):
        supervisor.reload()


def _bring_up(spec: NodeSpec, binaries: Binaries, supervisor: Supervisor, report: Report) -> None:
    names = [program.name for program in node_programs(spec, binaries)]
    after_api = names.index(API_SERVER) + 1
    ports = [program.name for program in forwarders(spec)]
    running = {process.name for process in supervisor.processes() if process.state is ProcessState.RUNNING}
    since = None if KUBELET in running else readiness.now()
    supervisor.start(*(name for name in [*names[:after_api], *ports] if name not in running))
    if not readiness.api_answers(spec):
        report("Waiting for the API server")
        readiness.wait(
            spec, lambda: readiness.api_answers(spec), what=f"{API_SERVER} to be ready", seconds=90
        )
    if since is not None:
        readiness.wait(
            spec,
            lambda: administrator_granted(spec),
            what=f"{API_SERVER} to know its administrator",
            seconds=30,
        )
    supervisor.start(*(name for name in names[after_api:] if name not in running))
    _wait_ready(spec, supervisor, since, report)


def _wait_ready(spec: NodeSpec, supervisor: Supervisor, since: datetime | None, report: Report) -> None:
    with readiness.api_client(spec) as client:
        if not readiness.node_is_ready(spec, client, since):
            report("Waiting for the node to be Ready")
            readiness.wait(
                spec,
                lambda: readiness.node_is_ready(spec, client, since),
                what="kubelet to report Ready",
                seconds=90,
            )
    readiness.wait(
        spec,
        lambda: all(process.state is ProcessState.RUNNING for process in supervisor.processes()),
        what="every program to run",
        seconds=15,
    )


def _halt(spec: NodeSpec, report: Report) -> None:
    supervisor = Supervisor.find(spec.name)
    if supervisor is not None:
        report(f"Stopping node {spec.name}")
        if supervisor.answers():
            # Else it would start again what ends now.
            supervisor.stop(KUBELET)
            launch.end_pods(spec.name)
    launch.clear(spec.name)
