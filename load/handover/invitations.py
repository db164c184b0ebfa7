"""Who may be invited to the portal: a list without any secret.

A customer with a password that nobody knows asks Splynx for a new one. The list in `build/` names
keys only; a file that is asked for by name also says login, name and e-mail address.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path

from sqlalchemy import Connection, text

from load.handover.allowed import PORTAL
from load.target.targets import Target

KEYS = ("sonar_account", "splynx_customer", "handed_over_at")
PERSONAL = ("login", "name", "email")

_SQL = """
select row._sonar_key, ids.target_id, to_char(known.changed_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
    row.login, row.name, row.email
from ops.handover as known
    inner join ops.id_map as ids
        on ids.target = known.target and ids.entity = known.table_name
        and ids._sonar_key = known._sonar_key and known.changed_at >= ids.loaded_at
    inner join splynx_staging.customers as row on row._sonar_key = known._sonar_key
where known.target = :target and known.table_name = :table and known.attribute = :attribute
    and known.state = 'handed_over'
order by length(row._sonar_key), row._sonar_key
"""


def write(warehouse: Connection, target: Target, path: Path, *, personal: bool) -> int:
    """Write the list of all customers with a portal password of ours; return how many there are.

    The file is readable by its owner only.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = (*KEYS, *PERSONAL) if personal else KEYS
    named = {"target": target.name, "table": PORTAL.table, "attribute": PORTAL.attribute}
    rows = [tuple(row)[: len(columns)] for row in warehouse.execute(text(_SQL), named)]
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)
    return len(rows)
