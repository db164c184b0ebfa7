"""Which tests share a worker, and which begin: the long ones must not be left for the end.

dbt parses the project once for each server and database, and the demo tenant is built once for each
server: forty seconds of CPU the one, a hundred the other. Tests that live on the same parse or the
same build therefore run in the same worker. The two groups are about equal and come first, so that
both workers have work until the end; modules, most of them short, follow as they stand.
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

# By the beginning of a test's id, in the order in which they run. The first leaves its parse to the
# ways, and the manifest that it has dbt write to the tests of the other worker.
TOGETHER = {
    "tests/expectations/test_suites.py": "whole ways",
    "tests/e2e/": "whole ways",
    "tests/transform/test_model_docs.py": "whole ways",
    "tests/dbt/": "the built demo",
}


def place(nodeid: str) -> int:
    """Return a key that sorts tests: the groups first, all others as they stand."""
    starts = enumerate(TOGETHER)
    return next((n for n, start in starts if nodeid.startswith(start)), len(TOGETHER))


def group_of(nodeid: str) -> str | None:
    """Return the group to which a test belongs, if any."""
    return next((g for start, g in TOGETHER.items() if nodeid.startswith(start)), None)


class GroupScheduling(LoadScopeScheduling):
    """Modules are handed out whole, as xdist does it, and groups of modules too."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid) or super()._split_scope(nodeid)
