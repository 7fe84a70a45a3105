from __future__ import annotations

from mlops_local.node import NodeSpec, status
from mlops_local.node.supervisor import Supervisor, inside_id


def test_a_programs_second_id_is_that_inside_the_node() -> None:
    assert inside_id("Name:\tetcd\nNSpid:\t4321\t17\n") == 17


def test_a_containers_third_id_does_not_count() -> None:
    assert inside_id("NSpid:\t4321\t456\t1\n") == 456


def test_a_process_outside_has_no_such_id() -> None:
    assert inside_id("NSpid:\t4321\n") is None
    assert inside_id("Name:\tkernel\n") is None


def test_a_node_that_never_ran_is_not_running(spec: NodeSpec) -> None:
    absent = spec.model_copy(update={"name": "mlops-absent"})
    assert Supervisor.find("mlops-absent") is None
    assert status(absent).model_dump() == {"running": False, "ready": False, "processes": ()}
