"""Plain text tables for terminals and logs."""

from __future__ import annotations

from collections.abc import Sequence

_RIGHT = (int, float)


def table(heads: Sequence[str], lines: Sequence[Sequence[object]]) -> str:
    """Return an aligned table; None is blank, numbers stand right, the last column is free."""
    cells = [[_cell(value) for value in line] for line in lines]
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    numeric = [any(isinstance(line[i], _RIGHT) for line in lines) for i in range(len(heads))]
    shown = [heads, ["-" * width for width in widths], *cells]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, numeric, strict=True)
        ).rstrip()
        for line in shown
    )


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else str(value)
