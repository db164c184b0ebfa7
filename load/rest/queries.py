"""Query strings as PHP reads them (pure): `main_attributes[id][0]=>=&main_attributes[id][1]=5`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from urllib.parse import quote_plus

Scalar = str | int | Decimal
# A scalar means equals; a sequence is an operator and its values: ("IN", ["a", "b"]).
Condition = Scalar | Sequence[Scalar | Sequence[Scalar]]
Conditions = Mapping[str, Condition]

_OPERATORS = frozenset(
    "= != >= <= > < <> IS REGEXP BETWEEN LIKE IN FIND_IN_SET".split()  # noqa: SIM905
)


def encode(parameters: Mapping[str, object]) -> str:
    """Return `http_build_query` of nested mappings and sequences; None is left out, as PHP does."""
    return "&".join(
        f"{quote_plus(name)}={quote_plus(value)}"
        for key, value in parameters.items()
        for name, value in _flat(key, value)
    )


def search(
    main: Conditions | None = None,
    additional: Conditions | None = None,
    order: Mapping[str, str] | None = None,
    limit: int | None = None,
    offset: int | None = None,
) -> dict[str, object]:
    """Return the parameters of a search.

    Raises:
        ValueError: a condition that Splynx would not read as it is meant, and so give every row.
    """
    for conditions in (main, additional):
        for name, condition in (conditions or {}).items():
            _refuse_unreadable(name, condition)
    return {
        "main_attributes": main,
        "additional_attributes": additional,
        "order": order,
        "limit": limit,
        "offset": offset,
    }


def _refuse_unreadable(name: str, condition: Condition) -> None:
    if isinstance(condition, str | int | Decimal):
        return
    if not isinstance(condition, Sequence) or len(condition) < 2:  # noqa: PLR2004 - and a value
        raise ValueError(f"the condition on {name} is neither a value nor an operator with values")
    if condition[0] not in _OPERATORS:
        raise ValueError(f"the condition on {name} has no operator that Splynx knows")
    if any(value is None or value in ([], ()) for value in condition):
        raise ValueError(f"the condition on {name} has an empty value, which PHP leaves out")


def _flat(name: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(f"{name}[{key}]", inner)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for index, inner in enumerate(value):
            yield from _flat(f"{name}[{index}]", inner)
    elif isinstance(value, bool):
        yield name, str(int(value))
    elif value is not None:
        yield name, str(value)
