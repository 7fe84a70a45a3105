"""What every row works with: the models, the clients, servers that start on first use, and turns."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from serving_bench import models, servers
from serving_bench.bodies import check, grpc_answer, json_body, rest_answer
from serving_bench.clients import Clients, RawConnection
from serving_bench.figures import BenchError, Kind, medians
from serving_bench.models import Model
from serving_bench.programs import Programs, programs
from serving_bench.servers import Server

LARGE_BYTES = 10 << 20

Start = Callable[[Model, Path], AbstractContextManager[Server]]
Result = TypeVar("Result")


@dataclass
class Lab:
    """Rounds and seconds of each measurement, and a folder that is thrown away."""

    rounds: int
    seconds: float
    folder: Path
    _stack: ExitStack = field(default_factory=ExitStack)
    _started: dict[tuple[str, str], Server] = field(default_factory=dict)

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @cached_property
    def programs(self) -> Programs:
        """The load generators."""
        return programs(say)

    @cached_property
    def clients(self) -> Clients:
        """The load generators, ready to use."""
        return Clients(self.programs, self.folder)

    @cached_property
    def iris(self) -> Model:
        """The reference model."""
        return models.iris(self.folder)

    @cached_property
    def identity(self) -> Model:
        """Gives 10 MB back."""
        return models.identity(self.folder, LARGE_BYTES)

    @cached_property
    def heavy(self) -> tuple[Model, float]:
        """The heavy model, and the milliseconds of one row on one core."""
        return models.heavy(self.folder)

    def server(self, start: Start, model: Model) -> Server:
        """A server of this kind for the model, started and checked when first asked for."""
        key = (start.__name__, model.name)
        if key not in self._started:
            say(f"starting {start.__name__} with model {model.name}")
            server = self._stack.enter_context(start(model, self.folder))
            if start is not servers.echo:
                self._check(server)
            self._started[key] = server
        return self._started[key]

    def stop(self) -> None:
        """Stop the servers that run, so that the next rows have the machine to themselves."""
        self._stack.close()
        self._started.clear()

    @contextmanager
    def heavy_server(self, settings: Mapping[str, str], cores: tuple[int, ...]) -> Iterator[Server]:
        """Our server with the heavy model, confined to these cores."""
        with servers.ours(self.heavy[0], self.folder, settings, cores) as server:
            self._check(server)
            yield server

    def _check(self, server: Server) -> None:
        """All servers must answer alike before any is measured."""
        with RawConnection(server.http) as connection:
            answer = connection.post(server.path, json_body(server.model.rows))
        if answer.status != 200:
            raise BenchError(f"{server.name} answered {answer.status}: {answer.data[:300].decode()}")
        check(server.name, rest_answer(answer.data, answer.headers), server.model.answer)

    def check_grpc(self, server: Server, reply: bytes) -> None:
        """A gRPC reply must be the model's answer."""
        check(f"{server.name} (gRPC)", grpc_answer(reply), server.model.answer)

    def turns(self, measures: Mapping[str, Callable[[], Kind]]) -> dict[str, Kind]:
        """The medians of each, measured in turns: what else the machine does hits all alike."""
        taken: dict[str, list[Kind]] = {name: [] for name in measures}
        for number in range(self.rounds):
            for name, measure in measures.items():
                taken[name].append(measure())
                say(f"  round {number + 1} {name}: {taken[name][-1]}")
        return {name: medians(rounds) for name, rounds in taken.items()}


def say(text: str) -> None:
    """Progress, on standard error at once."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
