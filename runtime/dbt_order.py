"""Which node dbt runs next: the one behind which the longest chain of others waits.

dbt hands out a node as soon as it may run, so that hundreds of data tests which nobody waits for
stand before the one table that everything else is made from. Here a node is handed out when a
thread is about to be free, and the most urgent of all that may run then. What may run, and that a
failed test keeps what is made from its table from being built, stays dbt's.
"""

from __future__ import annotations

from typing import Any

from dbt.contracts.graph.nodes import GraphMemberNode
from dbt.graph import selector  # where dbt makes its queue
from dbt.graph.queue import GraphQueue
from dbt.graph.thread_pool import DbtThreadPool
from dbt.task.runnable import GraphRunnableTask

_AHEAD = 1  # handed out before a thread is free, so that none waits for the next


class _MostWaitedForFirst(GraphQueue):
    """dbt's queue, with room for as many nodes as threads work on, and one ahead."""

    room = _AHEAD

    def get(self, block: bool = True, timeout: float | None = None) -> GraphMemberNode:  # noqa: FBT001, FBT002 - dbt's
        """Return the most urgent node that may run, once there is room for it."""
        with self.lock:
            self.some_task_done.wait_for(lambda: len(self.in_progress) < self.room)
        return super().get(block, timeout)

    def _get_scores(self, graph: Any) -> dict[str, int]:  # noqa: ANN401 - networkx has no types
        """Return how urgent each node is, the most urgent lowest: what waits for it, end to end."""
        waiting: dict[str, int] = {}
        for level in reversed(list(self._grouped_topological_sort(graph))):
            for node in level:
                waiting[node] = max((waiting[n] for n in graph.successors(node)), default=0) + 1
        return {node: -longest for node, longest in waiting.items()}


def take_over() -> None:
    """Have dbt order its nodes this way from now on."""
    dbts_own = GraphRunnableTask.run_queue

    def run_queue(self: GraphRunnableTask, pool: DbtThreadPool) -> None:
        if isinstance(self.job_queue, _MostWaitedForFirst):
            self.job_queue.room = (pool.max_threads or 1) + _AHEAD
        dbts_own(self, pool)

    GraphRunnableTask.run_queue = run_queue  # type: ignore[method-assign]
    selector.GraphQueue = _MostWaitedForFirst  # type: ignore[attr-defined]
