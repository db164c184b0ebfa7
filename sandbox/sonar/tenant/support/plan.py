"""What the writers of tickets, jobs and documents tell each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket that is talked in, from `created` until `last`."""

    key: str
    account: str | None
    created: datetime
    last: datetime

    def during(self, random: Random) -> datetime:
        """Return an instant while the ticket was talked in."""
        seconds = int((self.last - self.created).total_seconds())
        return self.created + timedelta(seconds=random.randint(min(60, seconds), seconds))


@dataclass(frozen=True, slots=True)
class Job:
    """A job, and when it was done if it is."""

    key: str
    account: str
    began: datetime
    done: datetime | None


@dataclass(slots=True)
class Plan:
    """Who comes through, and the tickets and jobs that others can refer to."""

    since: dict[str, datetime] = field(default_factory=dict)  # when accounts were made
    sound: list[str] = field(default_factory=list)  # accounts that become customers
    refused: list[str] = field(default_factory=list)
    mails: dict[str, list[tuple[str, str]]] = field(
        default_factory=dict
    )  # name, e-mail of contacts
    staff: list[str] = field(default_factory=list)  # users that come through
    outsiders: list[str] = field(default_factory=list)  # users that do not
    tickets: list[Ticket] = field(default_factory=list)
    strangers: list[Ticket] = field(default_factory=list)  # of nobody, but somebody wrote
    silent: list[Ticket] = field(default_factory=list)  # nobody ever wrote anything in them
    lost: list[Ticket] = field(default_factory=list)  # tickets that stay behind
    lost_jobs: list[Job] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    signed: list[tuple[str, datetime]] = field(default_factory=list)  # signatures

    def with_mail(self) -> list[Ticket]:
        """Return the tickets of accounts that have somebody with an e-mail address."""
        return [ticket for ticket in self.tickets if self.mails.get(ticket.account or "")]
