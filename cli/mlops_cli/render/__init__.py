"""`mlops render`: what an environment's program registers, without a cluster, credentials or network."""

from mlops_cli.render.program import render
from mlops_cli.render.source import Source, find
from mlops_cli.render.tree import tree_text
from mlops_cli.render.yaml_text import inputs_of, named

__all__ = ["Source", "find", "inputs_of", "named", "render", "tree_text"]
