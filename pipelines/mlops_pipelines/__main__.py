"""Commands of the pipeline image: `run mortgage-approval`, `store-setup`, `remediate`, `database-password`.

Exit codes are in errors.py.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from mlops_pipelines.errors import PipelineError, SettingsError
from mlops_serving.errors import ServingError

USAGE = (
    "usage: python3 -m mlops_pipelines "
    "(run mortgage-approval | store-setup | remediate | database-password [--once])"
)


def main(arguments: Sequence[str]) -> int:
    """Run one command and return the exit code."""
    try:
        _dispatch(list(arguments))
    except PipelineError as error:
        say(f"error: {error}")
        return error.exit_code
    except ServingError as error:
        say(f"error: {error}")
        return 1
    return 0


def say(line: str) -> None:
    """One line of progress, at once: a Job's log is read while it runs."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _dispatch(arguments: list[str]) -> None:
    if arguments == ["run", "mortgage-approval"]:
        from mlops_pipelines import run, settings

        run.run(settings.run_settings(os.environ), say)
    elif arguments == ["store-setup"]:
        from mlops_pipelines import buckets, settings

        buckets.set_up(settings.bucket_settings(os.environ), say)
    elif arguments == ["remediate"]:
        from mlops_pipelines.remediation import serve
        from mlops_pipelines.remediation.settings import remediation_settings

        serve.remediate(remediation_settings(os.environ))
    elif arguments in (["database-password"], ["database-password", "--once"]):
        from mlops_pipelines import database_password

        wanted = database_password.password_settings(os.environ)
        work = database_password.write_once if arguments[1:] else database_password.keep
        work(wanted, os.environ, say)
    else:
        raise SettingsError(f"{' '.join(arguments) or 'nothing'} is not a command; {USAGE}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
