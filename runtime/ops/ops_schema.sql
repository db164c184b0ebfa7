{#-
    The bookkeeping of every run. One text, two readers: `runtime.warehouse.ensure_ops` executes what
    stands between the macro lines, and dbt calls the macro before its first model, so that plain
    `dbt run` works on an empty warehouse. Only `… if not exists`: both may run at any time.
-#}
{% macro ops_schema() %}

create schema if not exists ops;
create schema if not exists raw_sonar;

-- One row per command that a person or `migrate` started.
create table if not exists ops.run (
    run_id text primary key,
    command text not null,
    started_at timestamptz not null default clock_timestamp(),
    ended_at timestamptz,
    exit_code integer
);

create table if not exists ops.step (
    run_id text not null,
    step text not null,
    started_at timestamptz not null default clock_timestamp(),
    ended_at timestamptz,
    exit_code integer,
    detail jsonb not null default '{}',
    primary key (run_id, step, started_at)
);

-- What was asked of Sonar and what landed: one row per run and root query, skipped ones included.
create table if not exists ops.extract_ledger (
    run_id text not null,
    source text not null,
    collection text not null,
    kind text not null,
    walk text,
    state text not null check (
        state in ('running', 'complete', 'incomplete', 'denied', 'failed', 'skipped', 'excluded')
    ),
    grade text check (grade in ('proven', 'counted', 'whole', 'sample', 'incomplete')),
    reason text,
    server_count bigint,
    landed_count bigint,
    server_sums jsonb not null default '{}',
    landed_sums jsonb not null default '{}',
    pages bigint not null default 0,
    bytes bigint not null default 0,
    retries bigint not null default 0,
    changed_rows bigint not null default 0,
    deleted_rows bigint not null default 0,
    replaced_characters bigint not null default 0,
    dropped_fields text[] not null default '{}',
    watermark timestamptz,
    started_at timestamptz not null default clock_timestamp(),
    ended_at timestamptz,
    primary key (run_id, collection)
);
alter table ops.extract_ledger
add column if not exists mode text check (mode in ('full', 'resumed', 'incremental', 'unchanged', 'sample')),
add column if not exists looks integer not null default 0,
add column if not exists witness text,
add column if not exists withheld_values bigint not null default 0;

-- Where the reading of each collection stands. It outlives the run: a killed one goes on from here.
-- `selection` is a hash of what is asked of a row (another one: read anew); `ranges` are the id ranges
-- of a full walk under way, with how far each has landed; `watermark` is Sonar's time up to which every
-- change has landed, null until the first full walk has ended.
create table if not exists ops.extract_state (
    source text not null,
    collection text not null,
    selection text not null,
    walk_began timestamptz,
    ranges jsonb,
    watermark timestamptz,
    changed_at timestamptz not null default clock_timestamp(),
    primary key (source, collection)
);

-- Rows that Sonar has and cannot give, each asked for alone.
create table if not exists ops.extract_refusal (
    run_id text not null,
    source text not null,
    collection text not null,
    _sonar_key text not null,
    message text not null,
    primary key (run_id, collection, _sonar_key)
);

-- What a live Sonar answered to questions that its documentation leaves open.
create table if not exists ops.source_probe (
    source text not null,
    question text not null,
    answer text not null,
    evidence text not null,
    asked_at timestamptz not null default clock_timestamp(),
    primary key (source, question)
);

-- Every schema that a source has shown, as SDL.
create table if not exists ops.source_schema (
    source text not null,
    schema_hash text not null,
    sdl text not null,
    first_seen_at timestamptz not null default clock_timestamp(),
    last_seen_at timestamptz not null default clock_timestamp(),
    primary key (source, schema_hash)
);

-- Where the bytes of a file are: content-addressed, so that equal files are kept once.
create table if not exists ops.extract_file (
    source text not null,
    _sonar_key text not null,
    state text not null check (state in ('stored', 'too_large', 'missing', 'denied', 'failed')),
    sha256 text,
    bytes bigint,
    reason text,
    run_id text not null,
    stored_at timestamptz not null default clock_timestamp(),
    primary key (source, _sonar_key)
);

-- Bytes of files that Splynx got over its API, by the key of the file's record in Sonar. `intended`: they
-- may have arrived; `stored`: they are there, and `compared` tells whether they were read back with the same
-- checksum; `differs`: they were read back otherwise; `refused`: Splynx did not take them.
create table if not exists ops.file_upload (
    target text not null,
    _sonar_key text not null,
    place text not null,
    owner_id bigint not null,
    sha256 text not null,
    bytes bigint not null,
    state text not null check (state in ('intended', 'stored', 'differs', 'refused')),
    compared boolean not null default false,
    file_id bigint,
    reason text,
    run_id text not null,
    changed_at timestamptz not null default clock_timestamp(),
    primary key (target, _sonar_key)
);

-- Landed texts as Splynx may show them as HTML, by the MD5 of the raw text: cleaned once, by the given
-- rules; the source is the host whose links lead nowhere any more. `removed`: how much of what was taken out.
create table if not exists ops.clean_text (
    source text not null,
    hash text not null,
    rules integer not null,
    clean_text text not null,
    removed jsonb not null default '{}',
    cleaned_at timestamptz not null default clock_timestamp(),
    primary key (source, hash)
);

-- A target is an address and an epoch: restoring a backup opens a new epoch of the same address.
create table if not exists ops.target (
    target text primary key,
    address text not null,
    epoch integer not null,
    dialect text not null,
    version text not null,
    sql_mode text not null,
    charset text not null,
    local_infile boolean not null,
    run_id text not null,
    inspected_at timestamptz not null default clock_timestamp(),
    unique (address, epoch)
);

create table if not exists ops.target_table (
    target text not null,
    table_name text not null,
    engine text,
    charset text,
    row_count bigint not null,
    primary key (target, table_name)
);

alter table ops.target_table
add column if not exists checksum text,
add column if not exists next_id numeric;

-- Backups of a Splynx database: dumps of ours, and those that an operator vouches for.
create table if not exists ops.target_backup (
    address text not null,
    made_at timestamptz not null default clock_timestamp(),
    kind text not null check (kind in ('dump', 'outside')),
    place text not null,
    sha256 text,
    run_id text not null,
    primary key (address, made_at)
);

-- Restores, each with the epoch that it opened. One without an end was interrupted.
create table if not exists ops.target_restore (
    target text primary key,
    address text not null,
    place text not null,
    verdict text not null check (verdict in ('metadata_verified', 'metadata_mismatch')),
    run_id text not null,
    started_at timestamptz not null default clock_timestamp(),
    ended_at timestamptz
);

-- Settings of Splynx that would act on an import: what was found, and what an operator vouches for.
create table if not exists ops.target_switch (
    target text not null,
    switch text not null,
    state text not null check (state in ('off', 'on', 'not_found')),
    found text,
    confidence text not null,
    run_id text not null,
    primary key (target, switch)
);

create table if not exists ops.switch_attestation (
    target text not null,
    switch text not null,
    words text not null,
    run_id text not null,
    attested_at timestamptz not null default clock_timestamp(),
    primary key (target, switch, attested_at)
);

create table if not exists ops.target_column (
    target text not null,
    table_name text not null,
    column_name text not null,
    position integer not null,
    data_type text not null,
    column_type text not null,
    max_length bigint,
    numeric_precision integer,
    numeric_scale integer,
    is_unsigned boolean not null,
    is_nullable boolean not null,
    has_default boolean not null,
    is_auto_increment boolean not null,
    charset text,
    enum_values text[],
    primary key (target, table_name, column_name)
);

alter table ops.target_column
add column if not exists default_value text,
add column if not exists collation_name text;

create table if not exists ops.target_key (
    target text not null,
    table_name text not null,
    key_name text not null,
    kind text not null check (kind in ('primary', 'unique', 'foreign')),
    column_names text[] not null,
    ref_table text,
    ref_column_names text[],
    primary key (target, table_name, key_name)
);

-- Ids in use that were not known as ours when they were read: what ops.id_map has is not said twice.
-- By the API, which lists rows anyway, ours are among them.
create table if not exists ops.target_id (
    target text not null,
    table_name text not null,
    id bigint not null,
    primary key (target, table_name, id)
);

-- Values that the target's application treats as unique although its database does not.
create table if not exists ops.target_business_key (
    target text not null,
    table_name text not null,
    column_name text not null,
    value text not null,
    id bigint not null,
    primary key (target, table_name, column_name, id)
);

create or replace view ops.current_target as
select * from ops.target order by inspected_at desc, target desc limit 1;

-- What became of a source record in the target. By MySQL target_id = planned_id.
create table if not exists ops.id_map (
    target text not null,
    entity text not null,
    _sonar_key text not null,
    planned_id bigint not null,
    target_id bigint not null,
    run_id text not null,
    loaded_at timestamptz not null default clock_timestamp(),
    primary key (_sonar_key, entity, target)  -- what differs first: a fifth less to compare
) partition by hash (entity);

-- The intent before a write and the hash after it: what lets a killed load go on, a second run write
-- nothing, and an edit by staff be told from our own row.
create table if not exists ops.row_state (
    target text not null,
    table_name text not null,
    _sonar_key text not null,
    _customer_key text,
    row_key jsonb not null,
    state text not null check (state in ('intended', 'written')),
    old_hash text,
    new_hash text not null,
    run_id text not null,
    changed_at timestamptz not null default clock_timestamp(),
    primary key (target, table_name, _sonar_key)
) partition by hash (table_name);

-- Whoever looks at all rows of one table reads those of few others: as one piece, one reconciliation read
-- ops.id_map 32 times from end to end. A warehouse made before that keeps both whole.
-- fillfactor: room to write each row again where it stands, a fifth of the work.
do $$
declare
    ledger text;
begin
    for ledger in
        select oid::regclass::text from pg_class
        where oid in ('ops.id_map'::regclass, 'ops.row_state'::regclass) and relkind = 'p'
            and not exists (select from pg_inherits where inhparent = pg_class.oid)
    loop
        for part in 0..31 loop
            execute format(
                'create table %s_%s partition of %s for values with (modulus 32, remainder %s)%s',
                ledger, lpad(part::text, 2, '0'), ledger, part,
                case ledger when 'ops.row_state' then ' with (fillfactor = 45)' else '' end
            );
        end loop;
    end loop;
end
$$;

-- The run that inserted the row; `run_id` is the last one that wrote it. `batch` is the transaction in
-- which it was announced.
alter table ops.row_state
add column if not exists inserted_by text,
add column if not exists batch bigint;

-- What lets a later load compare without reading every row: `crc` is the CRC-32 of the row's canonical
-- text as it was sent, which the target can sum up by itself; `base` is a hash of each column's text as
-- Sonar last had it while we wrote (in the order of the row's shape). `apart`: columns of staff's stayed
-- in the row that we wrote, so that it is not the mart's. `removed`: the record is gone, and so is its row,
-- or it bears the mark that says so. `prior_…`: what returns when an intent is not carried out;
-- `prior_hash` null: old_hash.
alter table ops.row_state
add column if not exists crc bigint,
add column if not exists base integer[],
add column if not exists apart boolean not null default false,
add column if not exists removed text check (removed in ('intended', 'deleted', 'flagged')),
add column if not exists prior_hash text,
add column if not exists prior_crc bigint,
add column if not exists prior_base integer[],
add column if not exists prior_apart boolean not null default false;

-- By REST, where the row is in the API: its `item`, and for a row that Splynx makes `by`, the table and id
-- of the row that makes it. While nobody knows whether it was created: `path`, where it is listed, and the
-- `main` and `additional` attributes that tell it from others.
alter table ops.row_state
add column if not exists api jsonb;

-- Whether the row was sent over the API. Mostly there is no such row, which the index says at once: whoever
-- looked for one read all rows. It holds only what stays as it is when a row is written again.
alter table ops.row_state
add column if not exists by_api boolean generated always as (split_part(new_hash, ':', 2) = 'rest') stored;

create index if not exists row_state_by_api on ops.row_state (target, table_name) where by_api;

-- Rows that an undoing by REST has found fit and begun to take back: what it deletes changes others in
-- Splynx, which must not look like staff's work when it goes on after a kill.
create table if not exists ops.rest_undoing (
    target text not null,
    undone_run_id text not null,
    table_name text not null,
    _sonar_key text not null,
    primary key (target, undone_run_id, table_name, _sonar_key)
);

-- The columns that a row's hash was taken over: `new_hash` ends with the shape.
create table if not exists ops.row_shape (
    shape text primary key,
    column_names text[] not null
);

-- Rows that staff changed or deleted after we wrote them, as the latest load found them: `conflict` where
-- Sonar changed the same columns. Theirs was kept unless the load was told to overwrite it.
create table if not exists ops.staff_edit (
    target text not null,
    table_name text not null,
    key text[] not null,
    _sonar_key text not null,
    kind text not null check (kind in ('edited', 'conflict', 'vanished')),
    column_names text[] not null,
    run_id text not null,
    found_at timestamptz not null default clock_timestamp(),
    primary key (target, table_name, key)
);

create sequence if not exists ops.batch_number;

-- No index may hold what writing a row again changes: each change would need a new entry in all of them.
drop index if exists ops.row_state_batch;

-- The intents of parcels that may be open, one value a table: not packed tight, which takes as long as
-- loading. Settling a killed load makes rows of ops.row_state of them.
do $$
begin
    if to_regclass('ops.load_batch') is null then
        create type ops.batch_intent as (
            _sonar_key text, _customer_key text, key text, old_hash text, new_hash text,
            crc bigint, base integer[]
        );
        create table ops.load_batch (
            batch bigint not null,
            target text not null,
            run_id text not null,
            announced_at timestamptz not null,
            table_name text not null,
            key_columns text[] not null,
            intents ops.batch_intent[] not null,
            primary key (batch, table_name)
        );
        alter table ops.load_batch alter column intents set storage external;
    end if;
end
$$;

-- What a row of the target held before a run updated it, which undoing that run puts back: canonical
-- text by column. Committed with the intent; the first image that a run takes of a row stays.
create table if not exists ops.pre_image (
    target text not null,
    run_id text not null,
    table_name text not null,
    row_key jsonb not null,
    image jsonb not null,
    taken_at timestamptz not null default clock_timestamp(),
    primary key (row_key, table_name, run_id, target)  -- what differs first: half of the comparisons
);

-- The same of the rows of a parcel, many in one value; load.pre_images makes rows of ops.pre_image of
-- them where somebody asks for one. Committed before the target changes the rows.
do $$
begin
    if to_regclass('ops.pre_image_page') is null then
        create table ops.pre_image_page (
            batch bigint not null,
            target text not null,
            run_id text not null,
            table_name text not null,
            column_names text[] not null,
            key_columns text[] not null,
            images bytea not null,
            taken_at timestamptz not null default clock_timestamp()
        );
        create index pre_image_page_batch on ops.pre_image_page (batch);
        alter table ops.pre_image_page alter column images set storage external;
    end if;
end
$$;

-- Rows of a run that was undone which stay in the target, by the latest undoing.
create table if not exists ops.rollback_kept (
    target text not null,
    undone_run_id text not null,
    run_id text not null,
    table_name text not null,
    _sonar_key text not null,
    row_key jsonb not null,
    reason text not null,
    primary key (target, undone_run_id, table_name, _sonar_key)
);

-- Rows the target refused (cause server), or that went out with a refused one (cause reference).
create table if not exists ops.refusal (
    target text not null,
    run_id text not null,
    table_name text not null,
    _sonar_key text not null,
    _customer_key text,
    cause text not null check (cause in ('server', 'reference')),
    error_code integer,
    column_name text,
    message text not null,
    refused_at timestamptz not null default clock_timestamp(),
    primary key (target, run_id, table_name, _sonar_key)
);

-- How often a run tried the row; `refused_at` and `message` are of the last attempt.
alter table ops.refusal
add column if not exists attempts integer not null default 1;

-- By REST also: the module was off, the API does not take such rows, the row was found twice, or it was
-- read back otherwise than it was sent.
do $$
begin
    if not exists (
        select from pg_constraint where conrelid = 'ops.refusal'::regclass
        and conname = 'refusal_cause_check' and pg_get_constraintdef(oid) like '%''route''%'
    ) then
        alter table ops.refusal drop constraint if exists refusal_cause_check;
        alter table ops.refusal add constraint refusal_cause_check check (
            cause in ('server', 'reference', 'module_off', 'route', 'found_twice', 'differs')
        );
    end if;
end
$$;

-- Clashes of ids and of values that must be unique, as the latest plan for a target found them. `what` is
-- `id`, `row` (a row that the target had stands for the record) or the value's name; `held_by` names the
-- row of the target or the record that has it, where that is known.
create table if not exists ops.collision (
    target text not null,
    table_name text not null,
    _sonar_key text not null,
    what text not null,
    action text not null check (action in ('keep', 'new id', 'match', 'reject', 'abort')),
    held_by text,
    run_id text not null,
    found_at timestamptz not null default clock_timestamp(),
    primary key (target, table_name, _sonar_key, what, action)
);

-- Rows of the marts that the latest load of a target left out because the operator chose others.
create table if not exists ops.not_selected (
    target text not null,
    table_name text not null,
    _sonar_key text not null,
    run_id text not null,
    primary key (target, table_name, _sonar_key)
);

-- What the latest load of a target was of, where the operator chose some customers: `customers` are all
-- whose rows were looked at, ops.chosen those rows of the marts, theirs and what they lead to.
create table if not exists ops.choice (
    target text primary key,
    run_id text not null,
    scope text not null,
    customers text[] not null,
    chosen_at timestamptz not null default clock_timestamp()
);
create table if not exists ops.chosen (
    target text not null,
    table_name text not null,
    _sonar_key text not null,
    primary key (target, table_name, _sonar_key)
);

create table if not exists ops.acceptance (
    run_id text not null,
    decided_at timestamptz not null default clock_timestamp(),
    target text not null,
    extraction_run_id text not null,
    fingerprint text not null,
    verdict text not null check (verdict in ('accepted', 'refused')),
    findings jsonb not null,
    primary key (run_id, decided_at)
);

-- `standing` tells without a look at their content whether the marts are still those (runtime.standing).
alter table ops.acceptance
add column if not exists standing jsonb;

-- What acceptance has searched for card numbers: the rows of a landing, by table and run. `suspects` are
-- keys of rows that had one; they are searched again, whatever their run.
create table if not exists ops.card_scan (
    relation text not null,
    run_id text not null,
    rules integer not null,
    rows bigint not null,
    suspects jsonb not null default '[]',
    scanned_at timestamptz not null default clock_timestamp(),
    primary key (relation, run_id)
);

create table if not exists ops.reconciliation (
    run_id text not null,
    target text not null,
    entity text not null,
    source bigint not null,
    mart bigint not null,
    merged bigint not null,
    excluded bigint not null,
    rejected bigint not null,
    quarantined bigint not null,
    loaded bigint not null,
    in_target bigint not null,
    identical bigint not null,
    modified bigint not null,
    missing bigint not null,
    extra bigint not null,
    verdict text not null check (verdict in ('agrees', 'differs')),
    differences jsonb not null default '[]',
    reconciled_at timestamptz not null default clock_timestamp(),
    primary key (run_id, entity)
);
alter table ops.reconciliation
add column if not exists not_selected bigint not null default 0;

-- What was not held against the mart, with its cause of a closed list: Splynx has the last word there.
-- `not_compared`: the rows cannot be seen over the API, and nothing else differs.
-- `scope`: only the rows of a choice were looked at, as ops.choice says it; null: all rows.
alter table ops.reconciliation
add column if not exists explained jsonb not null default '[]',
add column if not exists scope text;

do $$
begin
    if not exists (
        select from pg_constraint where conrelid = 'ops.reconciliation'::regclass
        and conname = 'reconciliation_verdict_check'
        and pg_get_constraintdef(oid) like '%''not_compared''%'
    ) then
        alter table ops.reconciliation drop constraint if exists reconciliation_verdict_check;
        alter table ops.reconciliation add constraint reconciliation_verdict_check check (
            verdict in ('agrees', 'differs', 'not_compared')
        );
    end if;
end
$$;

-- Rows and amounts of both sides by group, as `meta.load.totals` of the mart asks for them.
alter table ops.reconciliation
add column if not exists totals jsonb not null default '[]';

-- Secrets that Splynx got over its API: which row's attribute, when, and never the value. `intended`: it was
-- about to be sent when the run ended. `source_changed_at` is when Sonar last changed the record that the
-- secret was read from; null where the secret is of our own making.
create table if not exists ops.handover (
    target text not null,
    table_name text not null,
    attribute text not null,
    _sonar_key text not null,
    _customer_key text,
    state text not null check (
        state in ('intended', 'handed_over', 'kept', 'empty', 'gone', 'missing', 'not_ours', 'refused')
    ),
    reason text,
    source_changed_at timestamptz,
    run_id text not null,
    changed_at timestamptz not null default clock_timestamp(),
    primary key (target, table_name, attribute, _sonar_key)
);

{% endmacro %}
