"""What the probe found out about a Sonar, kept in `ops.source_probe` for the runs that follow.

Answers are short words or numbers; what the extractor needs of them is `Traits`. Without a probe
the defaults hold, which are what published clients rely on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection as Session
from sqlalchemy import text

YES, NO, UNKNOWN = "yes", "no", "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One question put to a Sonar.

    `question` is its name in `ops.source_probe`, `asks` says it to a person, `answer` is a short
    word or number, `evidence` how it was seen, `effect` what the extractor does about it. `ok` is
    False where somebody should have a look.
    """

    question: str
    asks: str
    answer: str
    evidence: str
    effect: str
    ok: bool = True


@dataclass(frozen=True, slots=True)
class Traits:
    """How a Sonar behaves, as far as it matters to the way it is read.

    `page_maximum`: the largest page it serves, None where no limit was met. `batches`:
    several root fields in one request. `ids_sorted`, `id_filter`: keyset walks are possible.
    `bounds_and`, `criteria_and`: criteria of one Search are ANDed, on one attribute and on two.
    `updated_at`: changes can be asked for. `honest_counts`: total_count is the number of rows.
    `exact_sums`: aggregates of id are whole numbers. `files`: bytes of files can be had.
    """

    page_maximum: int | None = None
    requests_per_minute: int | None = None
    batches: bool = True
    ids_sorted: bool = True
    id_filter: bool = True
    criteria_and: bool = True
    bounds_and: bool = False
    updated_at: bool = True
    honest_counts: bool = True
    exact_sums: bool = True
    files: bool = True
    probed_at: datetime | None = None


def save(session: Session, source: str, findings: Iterable[Finding]) -> None:
    """Keep the findings on `source`; later ones replace earlier ones, question by question."""
    session.execute(
        text(
            "insert into ops.source_probe (source, question, answer, evidence)"
            " values (:source, :question, :answer, :evidence)"
            " on conflict (source, question) do update set answer = excluded.answer,"
            " evidence = excluded.evidence, asked_at = clock_timestamp()"
        ),
        [
            {"source": source, "question": f.question, "answer": f.answer, "evidence": f.evidence}
            for f in findings
        ],
    )


def load_traits(session: Session, source: str) -> Traits:
    """Return what was found out about `source`; the defaults where nothing was."""
    query = text("select question, answer, asked_at from ops.source_probe where source = :source")
    rows = session.execute(query, {"source": source}).all()
    answers = {row.question: row.answer for row in rows}
    default = Traits()

    def number(question: str) -> int | None:
        answer = answers.get(question, "")
        return int(answer) if answer.isdecimal() else None

    def holds(question: str, *, otherwise: bool) -> bool:
        answer = answers.get(question)
        return answer == YES if answer in {YES, NO} else otherwise

    return Traits(
        page_maximum=number("page_maximum"),
        requests_per_minute=number("requests_per_minute"),
        batches=holds("batches", otherwise=default.batches),
        ids_sorted=holds("ids_sorted", otherwise=default.ids_sorted),
        id_filter=holds("id_filter", otherwise=default.id_filter),
        criteria_and=holds("criteria_and", otherwise=default.criteria_and),
        bounds_and=holds("bounds_and", otherwise=default.bounds_and),
        updated_at=holds("updated_at", otherwise=default.updated_at),
        honest_counts=holds("honest_counts", otherwise=default.honest_counts),
        exact_sums=holds("exact_sums", otherwise=default.exact_sums),
        files=holds("files", otherwise=default.files),
        probed_at=max((row.asked_at for row in rows), default=None),
    )
