"""An entity is added as docs/adding-an-entity.md says, without a line of Python, and arrives.

In a copy of the project a collection that nothing maps yet becomes rows of a table that nothing
loads yet. Which ones makes no sense for a provider; the steps are what is tested.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox.sonar.schema import load_schema
from sandbox.sonar.tenant import generate
from tests import services
from tests.e2e.way import NO_DATA_TESTS, ROOT, Way, way

pytestmark = [pytest.mark.e2e, pytest.mark.postgres, pytest.mark.mysql]

_COLLECTION = "generic_inventory_assignees"
_TABLE = "monitoring_groups"
_NEEDED = (
    *("runtime", "extract", "transform", "expectations", "load", "dbt_project", "docs"),
    *("dbt_project.yml", "selectors.yml", "profiles.yml.example", "pyproject.toml"),
)
# Without the two records that an operator would have to sign.
_UNSIGNED = {"blank_name": 0, "radius_without_service": 0}

# 1. Stage the collection.
_STAGING: Mapping[str, str] = {
    "staging/sonar/stg_sonar__generic_inventory_assignees.sql": """\
select
    _sonar_key,
    (payload->>'id')::bigint as sonar_assignee_id,
    {{ clean_text("payload->>'name'") }} as assignee_name
from {{ source('sonar', 'generic_inventory_assignees') }}
where _deleted_at is null
""",
    "staging/sonar/_sonar_assignees.yml": """\
version: 2
sources:
  - name: sonar
    schema: raw_sonar
    config:
      loaded_at_query: "{{ last_read(this.identifier) }}"
    tables:
      - name: generic_inventory_assignees
        description: Who holds equipment without a serial number.
models:
  - name: stg_sonar__generic_inventory_assignees
    description: Who holds equipment without a serial number.
    data_tests:
      - is_key: {arguments: {columns: [_sonar_key]}}
      - holds_every_live_record_of:
          arguments: {raw: "source('sonar', 'generic_inventory_assignees')"}
    columns:
      - name: _sonar_key
        description: '{{ doc("sonar_key") }}'
""",
}
# 2. Decide.
_DECISION: Mapping[str, str] = {
    "intermediate/inventory/int_inventory__assignees.sql": """\
select
    _sonar_key,
    sonar_assignee_id,
    assignee_name,
    null::text as exclude_rule,
    case
        when assignee_name is null then 'missing_name'
        when length(assignee_name) > 64 then 'name_too_long'    -- splynx monitoring_groups.title
    end as reject_reason
from {{ ref('stg_sonar__generic_inventory_assignees') }}
""",
    "intermediate/inventory/_assignees.yml": """\
version: 2
models:
  - name: int_inventory__assignees
    description: The assignees that become a row of monitoring_groups.
    data_tests:
      - is_key: {arguments: {columns: [_sonar_key]}}
      - screens_all_of: {arguments: {staged: ref('stg_sonar__generic_inventory_assignees')}}
    columns:
      - name: _sonar_key
        description: '{{ doc("sonar_key") }}'
      - name: exclude_rule
        description: '{{ doc("exclude_rule") }}'
      - name: reject_reason
        description: '{{ doc("reject_reason") }}'
""",
}
# 3. Write the mart.
_MART: Mapping[str, str] = {
    "marts/splynx/monitoring_groups.sql": """\
with assignees as (
    select *
    from {{ ref('int_inventory__assignees') }}
    where reject_reason is null and exclude_rule is null
),

group_ids as (
    {{ planned_ids('monitoring_groups') }}
),

final as (
    select
        assignees._sonar_key,
        group_ids.planned_id as id,
        assignees.assignee_name::varchar as title
    from assignees
    left join group_ids on assignees._sonar_key = group_ids._sonar_key
)

select * from final
""",
    "marts/splynx/monitoring_groups.yml": """\
version: 2
models:
  - name: monitoring_groups
    description: One row per assignee.
    config:
      tags: [inventory]
      meta:
        load:
          key: [id]
          group: foundation
          routes: [mysql]
          rest: {without: the API has no path for it}
        confidence: inferred
    data_tests:
      - is_key: {arguments: {columns: [_sonar_key]}}
      - is_key: {arguments: {columns: [id]}}
      - is_filled: {arguments: {columns: [title]}}
      - accounts_for_all_of: {arguments: {screened: ref('int_inventory__assignees')}}
    columns:
      - name: _sonar_key
        data_type: text
        description: '{{ doc("sonar_key") }}'
      - name: id
        data_type: bigint
        description: The planned id.
        config: {meta: {source: [sonar.generic_inventory_assignees.id], decision: D-169}}
      - name: title
        data_type: varchar(64)
        description: Name of the assignee.
        config: {meta: {source: [sonar.generic_inventory_assignees.name], decision: D-169}}
""",
}
# What steps 1 to 3 write into lists that are there: file, where, and what is put in front of it.
_ENTRIES = (
    (
        "seeds/map_collections.csv",
        f"{_COLLECTION},excluded,D-169,\n",
        f"{_COLLECTION},mapped,D-169,{_TABLE}\n",
    ),
    (
        "macros/collections_of_network.sql",
        "return([\n",
        f"return([\n        ('{_COLLECTION}', 'stg_sonar__{_COLLECTION}'),\n",
    ),
    (
        "macros/marts_of_network.sql",
        "return([\n",
        f"return([\n        ('{_TABLE}', 'int_inventory__assignees', 'ids'),\n",
    ),
    (
        "models/intermediate/inventory/int_inventory__planned.sql",
        "with final as (\n",
        "with final as (\n    select\n"
        f"        '{_TABLE}' as entity,\n"
        "        _sonar_key,\n"
        "        sonar_assignee_id as sonar_id,\n"
        "        null::bigint as matched_id\n"
        "    from {{ ref('int_inventory__assignees') }}\n"
        "    where exclude_rule is null and reject_reason is null\n"
        "    union all\n",
    ),
    (
        "models/audit/audit_inventory_outcomes.sql",
        "with own_rows as (\n",
        "with own_rows as (\n"
        f"    {{{{ outcomes_of_own_rows('{_COLLECTION}', 'int_inventory__assignees',"
        f" '{_TABLE}') }}}}\n"
        "    union all\n",
    ),
)


@dataclass(frozen=True, slots=True)
class Extended:
    """The copy of the project in which the entity was added, and a migration with it."""

    way: Way
    project: Path
    output: str


def _extend(project: Path) -> None:
    models = project / "dbt_project" / "models"
    for name, content in {**_STAGING, **_DECISION, **_MART}.items():
        assert not (models / name).exists(), name
        (models / name).write_text(content, encoding="utf-8")
    for name, before, after in _ENTRIES:
        path = project / "dbt_project" / name
        text = path.read_text(encoding="utf-8")
        assert text.count(before) == 1, name
        path.write_text(text.replace(before, after), encoding="utf-8")


@pytest.fixture(scope="module")
def extended(warehouses: services.Warehouses, splynxes: services.Splynxes) -> Iterator[Extended]:
    """Migrate the tiny tenant with a copy of the project in which the entity was added."""
    with (
        services.temporary_folder("project") as project,
        way(warehouses, splynxes, "tiny", NO_DATA_TESTS, **_UNSIGNED) as made,
    ):
        for name in _NEEDED:
            source = ROOT / name
            if source.is_dir():
                left_out = shutil.ignore_patterns("__pycache__")
                shutil.copytree(source, project / name, ignore=left_out)
            else:
                shutil.copy(source, project / name)
        _extend(project)
        done = subprocess.run(
            made.command("runtime", "migrate", "--route", "mysql"),
            cwd=project,
            env=dict(made.environment),
            capture_output=True,
            text=True,
            check=False,
        )
        yield Extended(made, project, done.stdout + done.stderr)


def test_an_entity_added_by_sql_and_yaml_alone_arrives_and_agrees(extended: Extended) -> None:
    made = extended.way
    tenant = generate(load_schema(), "tiny", seed=1)
    names = sorted(row["name"] for row in tenant.rows[_COLLECTION])
    assert names

    compared = made.all(f"select * from ops.reconciliation where entity = '{_TABLE}'")
    assert [row.verdict for row in compared] == ["agrees"], extended.output[-3000:]
    assert compared[0].identical == compared[0].in_target == len(names)
    with made.splynx.engine.connect() as connection:
        held = connection.exec_driver_sql(f"select id, title from {_TABLE}").all()
    loaded = made.all(f"select id, title from splynx_staging.{_TABLE}")
    assert sorted(row.title for row in loaded) == names
    assert {tuple(row) for row in loaded} <= {tuple(row) for row in held}


def test_the_data_tests_of_all_that_was_touched_pass(extended: Extended) -> None:
    made = extended.way
    written = [*_STAGING, *_DECISION, *_MART, *(name for name, _, _ in _ENTRIES)]
    touched = [
        Path(name).stem
        for name in written
        if not name.startswith("macros/") and not name.endswith(".yml")
    ]
    places = {"DBT_PROFILES_DIR": "local/dbt", "DBT_TARGET_PATH": "build/dbt"}
    # Unit tests prove SQL by made-up rows, of which the new model has none.
    chosen = ("--exclude-resource-type", "unit_test", "--select", *touched)
    done = subprocess.run(
        made.command("runtime.dbt_process", "test", *chosen),
        cwd=extended.project,
        env={
            **{name: v for name, v in made.environment.items() if name not in NO_DATA_TESTS},
            **{name: str(made.build.parent / place) for name, place in places.items()},
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "accounts_for_all_of_monitoring_groups" in done.stdout
    assert "is_key_stg_sonar__generic_inventory_assignees" in done.stdout


def test_its_records_are_accounted_for_like_all_others(extended: Extended) -> None:
    outcomes = extended.way.all(
        "select outcome, count(*) from audit.audit_record_outcomes"
        f" where collection = '{_COLLECTION}' group by 1"
    )
    rows = extended.way.all(f"select count(*) from raw_sonar.{_COLLECTION}")
    assert [tuple(outcome) for outcome in outcomes] == [("mart", rows[0][0])]
