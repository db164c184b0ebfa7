"""The REST part of `make doctor`: may the key do what the plan needs, and if not, what to do."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence

from load.rest.client import Manners, Splynx
from load.rest.failures import Forbidden, ServerFault
from load.rest.probing import CREATE, UPDATE, Endpoint, Probed, probe
from runtime.errors import ConfigError
from runtime.examination import Examination
from runtime.settings import SplynxApi

_WHAT = "Splynx's API"
_MANNERS = Manners(retries=1)  # a doctor that waits long is of no use


def examine(examination: Examination, api: SplynxApi, endpoints: Sequence[Endpoint]) -> list[str]:
    """Probe every endpoint; return what would be parked, because its module is switched off."""
    found: list[Probed] = []
    with examination.part(_WHAT) as good:
        found, way = asyncio.run(_probed(api, endpoints))
        good(f"{api.address} takes the key or user, by {way}")
    parked = [line for probed in found for line in _judge(examination, probed)]
    fine = [probed for probed in found if _is_fine(probed)]
    if fine:
        examination.good(
            "endpoints", f"{len(fine)} of {len(found)} refuse nothing of what was asked"
        )
    for operation in (UPDATE, CREATE):
        unasked = [p.endpoint.path for p in found if operation in p.unasked]
        if unasked:
            says = f"not asked at {len(unasked)}: {', '.join(unasked)}"
            examination.warn(f"right to {operation}", says, "asking might have made a record")
    return parked


async def _probed(api: SplynxApi, endpoints: Sequence[Endpoint]) -> tuple[list[Probed], str]:
    async with Splynx(api, _MANNERS) as splynx:
        found = await probe(splynx, endpoints)
        return found, splynx.way


def _is_fine(probed: Probed) -> bool:
    return not (probed.failures or probed.unknown or probed.demanded or probed.made is not None)


def _judge(examination: Examination, probed: Probed) -> Iterator[str]:
    """Add a line for each trouble of an endpoint; yield what is parked because of it."""
    what, tables = probed.endpoint.path, ", ".join(probed.endpoint.tables)
    if (off := probed.module_off) is not None:
        examination.warn(what, str(off), f"{tables}: parked until then")
        yield f"{tables} ({what})"
        return
    if forbidden := [f for f in probed.failures.values() if isinstance(f, Forbidden)]:
        examination.fail(what, _forbidden(forbidden))
    for operation, failure in probed.failures.items():
        if isinstance(failure, ServerFault):
            examination.warn(what, str(failure), f"{tables}: to {operation} may fail")
        elif not isinstance(failure, Forbidden):
            examination.fail(what, failure)
    if probed.demanded:
        examination.fail(what, _demanded(probed))
    if probed.unknown:
        says = f"has no {', '.join(probed.unknown)}"
        examination.warn(what, says, f"{tables}: these values would not arrive")
    if probed.made is not None:
        says = f"took an empty record although it demands attributes: {probed.made}"
        examination.warn(what, says, "delete that record in Splynx")


def _forbidden(refusals: Iterable[Forbidden]) -> ConfigError:
    """Return one error for all rights that are missing at one endpoint."""
    refused = list(refusals)
    actions = ", ".join(sorted({refusal.action for refusal in refused}))
    return ConfigError(
        f"Splynx denies it (HTTP 403): grant the actions {actions} of {refused[0].controller} "
        "under Administration > API keys (to the user's role where you log in), and let this "
        "machine's address into the key's white list if it has one"
    )


def _demanded(probed: Probed) -> ConfigError:
    return ConfigError(
        f"demands {', '.join(probed.demanded)}, which the migration does not send: for an "
        "additional field take its tick Required away (Config > System > Additional fields); "
        "otherwise this version of Splynx is not supported yet"
    )
