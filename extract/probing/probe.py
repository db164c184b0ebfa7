"""Questions to a live Sonar that its documentation leaves open, in under 25 requests.

The collections to ask about are chosen by their shape and size. Of rows only ids are read. What is
asked together is asked again one by one where the request as a whole fails, so that one question
that Sonar does not like costs no other its answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from graphql import GraphQLSchema, is_object_type

from extract.catalogue.discovery import Collection, Kind, discover
from extract.probing import findings, rules
from extract.probing.interview import Interview, ids_of, total_of
from extract.probing.traits import Finding, Traits, load_traits, save
from extract.sonar.client import Sonar
from extract.sonar.failures import Oversized, Unreachable
from runtime.errors import FatalSourceError, RetriableSourceError

__all__ = ["Finding", "Traits", "load_traits", "probe", "save"]

LARGEST_PAGE = 1000  # the default of --page-size; published clients ask for no more
_COUNTED_TOGETHER = 30
_COUNTING_REQUESTS = 6
_CHECKED_TOGETHER = 20
_MANY = 10_000  # search engines count no further unless told to
_SMALLER_PAGES = (500, 250, 100, 50, 10)

_ONE = "paginator: {page: 1, records_per_page: 1}"
_COUNT = "page_info { total_count }"
_IDS = "entities { id }"
_UP = 'sorter: [{attribute: "id", direction: ASC}]'
_DOWN = 'sorter: [{attribute: "id", direction: DESC}]'
_TOTALS = ", ".join(
    f'{{field_name: "id", aggregation_function: {function}}}' for function in ("SUM", "MIN", "MAX")
)


@dataclass(frozen=True, slots=True)
class Counted:
    """A collection and its count."""

    collection: Collection
    count: int


def _field(alias: str, collection: Collection, arguments: Iterable[str], body: str) -> str:
    archived = ["include_archived: true"] if collection.takes_archived else []
    return f"{alias}: {collection.name}({', '.join([*arguments, *archived])}) {{ {body} }}"


def _page(number: int, size: int) -> str:
    return f"paginator: {{page: {number}, records_per_page: {size}}}"


def _ids_search(*bounds: tuple[str, int]) -> str:
    fields = ", ".join(
        f'{{attribute: "id", search_value: {value}, operator: {operator}}}'
        for operator, value in bounds
    )
    return f"integer_fields: [{fields}]"


def _since(moment: datetime) -> str:
    value = moment.isoformat(timespec="seconds")
    return f'datetime_fields: [{{attribute: "updated_at", search_value: "{value}", operator: GTE}}]'


def _search(*criteria: str) -> str:
    return f"search: [{{{', '.join(criteria)}}}]"


async def probe(sonar: Sonar, schema: GraphQLSchema) -> Sequence[Finding]:
    """Ask, and return a finding for each question.

    Raises:
        ConfigError, Unreachable: nothing more can be asked.
    """
    interview = Interview(sonar)
    counted = await _count(interview, _candidates(schema))
    results = [await _honest_counts(interview, counted)]
    subject = _largest(schema, counted)
    if subject is not None:
        maximum, ids = await _page_maximum(interview, subject)
        results += [maximum, *await _rules(interview, subject.collection, ids)]
    return [
        *results,
        await _archived(interview, schema, counted),
        findings.batches(worked=interview.together_worked, problem=interview.together_failed),
        findings.files(await _status_of_no_file(sonar)),
        findings.requests(sonar.budget.limit, sonar.budget.period),
        findings.clock(interview.ahead),
        findings.latency(interview.seconds),
    ]


def _candidates(schema: GraphQLSchema) -> list[Collection]:
    """Return what can be walked by id, widest first: rows that refer to others are many."""
    walked = [c for c in discover(schema) if c.kind is Kind.FULL and not c.skipped]

    def references(collection: Collection) -> int:
        return sum(name.endswith("_id") for name in _fields(schema, collection))

    return sorted(walked, key=lambda c: (-references(c), c.name))


def _fields(schema: GraphQLSchema, collection: Collection) -> frozenset[str]:
    entity = schema.type_map[collection.entity]
    return frozenset(entity.fields) if is_object_type(entity) else frozenset()


async def _count(interview: Interview, candidates: Sequence[Collection]) -> list[Counted]:
    """Count collections, many in one request, until a large one is among them."""
    counted: list[Counted] = []
    batches = range(0, len(candidates), _COUNTED_TOGETHER)
    for start in list(batches)[:_COUNTING_REQUESTS]:
        batch = candidates[start : start + _COUNTED_TOGETHER]
        fields = {f"c{n}": _field(f"c{n}", c, [_ONE], _COUNT) for n, c in enumerate(batch)}
        answer = await interview.ask_many(fields)
        totals = [total_of(answer.get(alias)) for alias in fields]
        counted += [Counted(c, t) for c, t in zip(batch, totals, strict=True) if t is not None]
        if any(one.count > _MANY for one in counted):
            break
    return counted


def _largest(schema: GraphQLSchema, counted: Sequence[Counted]) -> Counted | None:
    fit = [
        one
        for one in counted
        if one.collection.has_aggregation and "updated_at" in _fields(schema, one.collection)
    ]
    return max(fit or counted, key=lambda one: one.count, default=None)


async def _honest_counts(interview: Interview, counted: Sequence[Counted]) -> Finding:
    """Ask for the row after the last one, and for the last: a capped count gives both away."""
    checked = sorted(counted, key=lambda one: (not _is_round(one.count), -one.count))
    fields: dict[str, str] = {}
    for number, one in enumerate(checked[:_CHECKED_TOGETHER]):
        for alias, page in ((f"l{number}", one.count), (f"b{number}", one.count + 1)):
            if page:
                fields[alias] = _field(alias, one.collection, [_page(page, 1), _UP], _IDS)
    answer = await interview.ask_many(fields) if fields else {}
    understated = [o for n, o in enumerate(checked) if ids_of(answer.get(f"b{n}"))]
    overstated = [
        o for n, o in enumerate(checked) if o.count and answer.get(f"l{n}") == {"entities": []}
    ]
    seen = [o for n, o in enumerate(checked) if answer.get(f"b{n}") is not None]
    return findings.counts(
        most=max((one.count for one in seen), default=None),
        understated=[(one.collection.name, one.count) for one in understated],
        overstated=[(one.collection.name, one.count) for one in overstated],
    )


def _is_round(count: int) -> bool:
    """Tell whether a count looks like a limit rather than a number of rows."""
    return count > 0 and count % 1000 == 0


async def _page_maximum(interview: Interview, subject: Counted) -> tuple[Finding, list[int]]:
    """Ask for the largest page; where it is refused, for what Sonar names or for less and less."""
    sizes = [LARGEST_PAGE, *_SMALLER_PAGES]
    refused: Oversized | None = None
    while sizes:
        size = sizes.pop(0)
        page = _field("ids", subject.collection, [_page(1, size), _UP], f"{_IDS} {_COUNT}")
        try:
            found = (await interview.ask(page))["ids"]
        except Unreachable:
            raise
        except Oversized as exc:
            refused = exc
            if exc.page_maximum and exc.page_maximum < size:
                sizes = [exc.page_maximum]
        except (FatalSourceError, RetriableSourceError) as exc:
            return findings.page_unknown(str(exc)), []
        else:
            ids, total = ids_of(found), total_of(found) or 0
            largest = findings.page(size, len(ids), total, LARGEST_PAGE, refused is not None)
            return largest, ids
    return findings.page_unknown(str(refused)), []


async def _rules(interview: Interview, collection: Collection, ids: Sequence[int]) -> list[Finding]:
    """Ask whether order, filters and totals do what they say."""
    if len(ids) < rules.FEWEST_ROWS:
        return rules.too_few(len(ids))
    low, high = len(ids) // 3, 2 * len(ids) // 3
    far = datetime.now(UTC) + timedelta(days=3650)
    long_ago = datetime(1970, 1, 1, tzinfo=UTC)
    after = _ids_search(("GT", ids[low]))
    between = _ids_search(("GT", ids[low]), ("LT", ids[high]))
    totals = f"aggregation: [{_TOTALS}]"
    shown = "aggregations { field value aggregation_function }"
    asked: dict[str, tuple[list[str], str]] = {
        "all": ([_ONE], _COUNT),
        "after": ([_ONE, _search(after)], _COUNT),
        "between": ([_ONE, _search(between)], _COUNT),
        "future": ([_ONE, _search(_since(far))], _COUNT),
        "past": ([_ONE, _search(_since(long_ago))], _COUNT),
        "both": ([_ONE, _search(after, _since(far))], _COUNT),
        "descending": ([_page(1, 2), _DOWN], _IDS),
        "totals": ([_ONE, totals], shown),
        "nothing": ([_ONE, _search(_ids_search(("GT", 2**53))), totals], shown),
    }
    if not collection.has_aggregation:
        asked = {a: one for a, one in asked.items() if one[1] != shown}
    fields = {a: _field(a, collection, arguments, body) for a, (arguments, body) in asked.items()}
    answer = await interview.ask_all(fields)
    counts = {alias: total_of(found) for alias, found in answer.items()}
    return [
        rules.sorted_ids(ids, ids_of(answer["descending"])),
        *rules.filters(counts, low=low, high=high),
        rules.totals(answer.get("totals"), answer.get("nothing"), ids, counts["all"]),
    ]


async def _archived(
    interview: Interview, schema: GraphQLSchema, counted: Sequence[Counted]
) -> Finding:
    """Compare the counts of a collection with and without its archived rows."""
    takes = [one.collection for one in counted if one.collection.takes_archived]
    if not takes:
        return findings.archived(None, None, None)
    name = takes[0].name
    fields = {
        "with": f"with: {name}({_ONE}, include_archived: true) {{ {_COUNT} }}",
        "without": f"without: {name}({_ONE}, include_archived: false) {{ {_COUNT} }}",
    }
    if "archived_at" in _fields(schema, takes[0]):
        exists = 'search: [{exists: ["archived_at"]}]'
        fields["set"] = f"set: {name}({_ONE}, include_archived: true, {exists}) {{ {_COUNT} }}"
    answer = await interview.ask_all(fields)
    return findings.archived(*(total_of(answer.get(a)) for a in ("with", "without", "set")))


async def _status_of_no_file(sonar: Sonar) -> int | None:
    try:
        return await sonar.status_of("/api/files/0")
    except (FatalSourceError, RetriableSourceError):
        return None
