"""Sonar's GraphQL API -> the warehouse schema `raw_sonar`, with a proof for each collection.

dlt reads its settings from the environment while it is being imported, so they are fixed here,
before any module of this package imports it: no telemetry, no files outside `.local`, no files in
which secrets could end up, and no logs or traces, because its errors quote rows.
"""

import os

from runtime.settings import LOCAL

os.environ |= {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "CRITICAL",
    "DLT_DATA_DIR": str(LOCAL / "dlt"),
    "DLT_PROJECT_DIR": str(LOCAL / "dlt"),
    "ENABLE_RUNTIME_TRACE": "false",
    "LOAD__TRUNCATE_STAGING_DATASET": "true",  # the merged rows need not be kept twice
    # The working folder lives for one run, so there is no state to restore.
    "RESTORE_FROM_DESTINATION": "false",
    "SCHEMA__NAMING": "direct",  # our names are valid Postgres names; dlt must not rewrite them
}
