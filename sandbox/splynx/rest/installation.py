"""The database side of a server: its connections, and the API key that the operator was given."""

from __future__ import annotations

import pymysql.converters
from pymysql.constants import FIELD_TYPE
from sqlalchemy import URL, Engine, create_engine

from sandbox.splynx.rest.catalogue import ACTIONS, catalogue
from sandbox.splynx.rest.columns import NO_DATETIME
from sandbox.splynx.rest.vault import Vault

# As the application sees the tables: strict, with zero dates.
_MODE = "set sql_mode = 'STRICT_TRANS_TABLES', time_zone = '+00:00'"
_AS_TEXT = (
    FIELD_TYPE.DATE,
    FIELD_TYPE.DATETIME,
    FIELD_TYPE.TIMESTAMP,
    FIELD_TYPE.TIME,
    FIELD_TYPE.DECIMAL,
    FIELD_TYPE.NEWDECIMAL,
)


def connect(url: URL, connections: int) -> Engine:
    """Return an engine that hands dates, times and decimals over as text."""
    decoders = {
        kind: convert
        for kind, convert in pymysql.converters.conversions.items()
        if kind not in _AS_TEXT
    }
    return create_engine(
        url,
        isolation_level="READ COMMITTED",
        pool_size=connections,
        max_overflow=0,
        hide_parameters=True,
        connect_args={"conv": decoders, "init_command": _MODE, "charset": "utf8mb4"},
    )


def ensure_key(engine: Engine, vault: Vault, key: str, secret: str) -> None:
    """Make sure that the API key exists with this secret; a new one is granted every right."""
    with engine.begin() as connection:
        found = connection.exec_driver_sql("select id from api where `key` = %s", (key,)).first()
        if found is not None:
            connection.exec_driver_sql(
                "update api set secret = %s where id = %s", (vault.seal(secret), found[0])
            )
            return
        result = connection.exec_driver_sql(
            "insert into api (partner_id, title, `key`, secret, unsecure_auth, check_nonce,"
            " last_ip, last_dt, last_nonce) values (0, 'Migration', %s, %s, '1', '1', '', %s, 0)",
            (key, vault.seal(secret), NO_DATETIME),
        )
        rights = {
            (entity.controller, ACTIONS[operation])
            for entity in catalogue().values()
            for operation in entity.operations
        }
        connection.exec_driver_sql(
            "insert into permissions_api_key (api_key_id, controller, action) values (%s, %s, %s)",
            [(result.lastrowid, controller, action) for controller, action in sorted(rights)],
        )
