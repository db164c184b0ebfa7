"""What answers about counts, pages, files, clock and pace mean to the extractor (pure)."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from http import HTTPStatus

from extract.probing.traits import NO, UNKNOWN, YES, Finding

_SLOW_SECONDS = 5.0
_CLOCK_SECONDS = 60.0
_MANY = 10_000
_SMALL_PAGE = 100


def counts(
    most: int | None,
    understated: Sequence[tuple[str, int]],
    overstated: Sequence[tuple[str, int]],
) -> Finding:
    """Judge total_count by whether there are rows at and after the last place.

    `most` is the largest count that was checked, None where none could be.
    """
    asks = "counts are true"
    wrong = [f"{name} says {count:,} and has more" for name, count in understated]
    wrong += [f"{name} says {count:,} and has fewer" for name, count in overstated]
    if wrong:
        effect = "collections whose count is wrong end incomplete (code 6)"
        return Finding("honest_counts", asks, NO, "; ".join(wrong[:3]), effect, ok=False)
    if most is None:
        effect = "counts are believed and compared with what lands"
        return Finding("honest_counts", asks, UNKNOWN, "no count could be checked", effect)
    above = "above 10,000 too" if most > _MANY else "none is above 10,000"
    evidence = f"checked up to {most:,} rows, {above}"
    return Finding("honest_counts", asks, YES, evidence, "counts prove completeness")


def page(asked: int, came: int, total: int, wanted: int, refused: bool) -> Finding:  # noqa: FBT001
    """Judge a page of `asked` rows that came: `wanted` is the largest we would ask for."""
    asks = "largest page"
    cut = came < min(asked, total)
    if not cut and not refused:
        effect = "pages grow up to --page-size while answers are quick"
        evidence = f"{wanted:,} rows a page are not refused"
        if total < wanted:
            evidence += f"; only {total:,} are there"
        return Finding("page_maximum", asks, f"{wanted}+", evidence, effect)
    largest = came if cut else asked
    how = "larger pages are cut without a word" if cut else "larger pages are refused"
    effect = f"pages of at most {largest:,} rows"
    return Finding(
        "page_maximum", asks, f"{largest}", how, effect, ok=not cut and largest >= _SMALL_PAGE
    )


def page_unknown(problem: str) -> Finding:
    """Say that no page came."""
    effect = "pages are halved when one is refused"
    return Finding("page_maximum", "largest page", UNKNOWN, problem, effect, ok=False)


def archived(with_them: int | None, without: int | None, marked: int | None) -> Finding:
    """Judge include_archived by the counts with and without, and of rows that are archived."""
    asks = "include_archived honoured"
    effect = "archived rows are always asked for"
    if with_them is None or without is None:
        return Finding("archived", asks, UNKNOWN, "no collection that was counted takes it", effect)
    evidence = f"{with_them:,} with, {without:,} without"
    if with_them > without:
        return Finding("archived", asks, YES, evidence, effect)
    if marked == 0:
        return Finding("archived", asks, UNKNOWN, f"{evidence}; nothing is archived", effect)
    if with_them == without:
        shown = f"{marked:,} archived rows come either way" if marked else "no difference"
        return Finding("archived", asks, UNKNOWN, f"{evidence}; {shown}", effect)
    return Finding("archived", asks, NO, evidence, "archived rows may be missing", ok=False)


def batches(*, worked: bool, problem: str | None) -> Finding:
    """Judge several root fields in one request."""
    asks = "several root fields a request"
    if worked:
        return Finding("batches", asks, YES, "answered by alias", "ten collections a request")
    evidence = problem or "not met"
    answer = NO if problem else UNKNOWN
    return Finding("batches", asks, answer, evidence, "one collection a request", ok=not problem)


def files(status: int | None) -> Finding:
    """Judge the endpoint of files by the status for a file that cannot exist."""
    asks = "bytes of files"
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.OK}:
        return Finding("files", asks, YES, f"HTTP {status} for file 0", "files are downloaded")
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        effect = "mend the token's rights, or use --skip-files"
        return Finding("files", asks, NO, f"HTTP {status}", effect, ok=False)
    evidence = "no answer" if status is None else f"HTTP {status} for file 0"
    return Finding(
        "files", asks, UNKNOWN, evidence, "each download is tried", ok=status is not None
    )


def requests(limit: int | None, period: float) -> Finding:
    """Say what is known of the request budget."""
    asks = "request budget"
    if limit is None:
        effect = "learned when Sonar refuses; --requests-per-minute sets it"
        return Finding("requests_per_minute", asks, UNKNOWN, "no answer names one", effect)
    a_minute = max(1, int(limit * 60 / period))
    evidence = f"{limit:,} in {period:.0f} s"
    effect = "shared by all workers"
    return Finding("requests_per_minute", asks, str(a_minute), evidence, effect)


def clock(ahead: float | None) -> Finding:
    """Judge Sonar's clock beside ours."""
    asks = "Sonar's clock"
    if ahead is None:
        effect = "changes are asked for by this machine's clock: keep it right"
        return Finding("clock", asks, UNKNOWN, "answers carry no date", effect, ok=False)
    evidence = f"{abs(ahead):.0f} s {'ahead of' if ahead >= 0 else 'behind'} this machine's"
    good = abs(ahead) < _CLOCK_SECONDS
    effect = "changes are asked for by Sonar's own time"
    return Finding("clock", asks, f"{round(ahead):+d} s", evidence, effect, ok=good)


def latency(seconds: Sequence[float]) -> Finding:
    """Judge how long answers take."""
    asks = "time of an answer"
    if not seconds:
        return Finding("latency", asks, UNKNOWN, "no answer", "", ok=False)
    median = statistics.median(seconds)
    evidence = f"median of {len(seconds)} answers, longest {max(seconds):.1f} s"
    effect = "pages shrink where answers are slow"
    return Finding("latency", asks, f"{median:.2f} s", evidence, effect, ok=median < _SLOW_SECONDS)
