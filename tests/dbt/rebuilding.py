"""Models built again in a transaction that is taken back: a fault costs a moment, not a build.

The SQL is what dbt compiled when the warehouse was built; only rows of tables are replaced.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, text

Node = Mapping[str, Any]


class Rebuilder:
    """Knows what dbt compiled, and in which order models follow from each other."""

    def __init__(self, manifest: Mapping[str, Any], target: Path) -> None:
        nodes = manifest["nodes"].values()
        self._models = {n["name"]: n for n in nodes if n["resource_type"] == "model"}
        self._compiled = target / "compiled" / manifest["metadata"]["project_name"]
        self._parents = {
            name: [
                parent.split(".")[2]
                for parent in node["depends_on"]["nodes"]
                if parent.startswith("model.")
            ]
            for name, node in self._models.items()
        }

    def following(self, *names: str, only: Callable[[Node], bool]) -> list[str]:
        """Return these models and what follows from them, parents first, where `only` holds."""
        chosen: dict[str, bool] = {}

        def follows(name: str) -> bool:
            if name not in chosen:
                parents = [follows(parent) for parent in self._parents[name]]  # all, for the order
                chosen[name] = name in names or (any(parents) and only(self._models[name]))
            return chosen[name]

        for name in self._models:
            follows(name)
        return [name for name, holds in chosen.items() if holds]

    def build(self, connection: Connection, names: Sequence[str]) -> None:
        """Replace the rows of these models by what their SQL gives now."""
        for name in names:
            node = self._models[name]
            compiled = (self._compiled / node["original_file_path"]).read_text(encoding="utf-8")
            connection.exec_driver_sql(f"delete from {node['relation_name']}")
            connection.exec_driver_sql(
                f"insert into {node['relation_name']} {compiled}".replace("%", "%%")
            )


@dataclass(frozen=True, slots=True)
class Scene:
    """A warehouse in a transaction that ends without a trace."""

    connection: Connection
    rebuilder: Rebuilder

    def execute(self, *statements: str) -> None:
        """Execute statements."""
        for statement in statements:
            self.connection.execute(text(statement))

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return [tuple(row) for row in self.connection.execute(text(query))]


@contextmanager
def scene(engine: Engine, rebuilder: Rebuilder) -> Iterator[Scene]:
    """Yield a scene; whatever happens in it is rolled back."""
    with engine.connect() as connection, connection.begin() as transaction:
        yield Scene(connection, rebuilder)
        transaction.rollback()
