-- Each job with what its task will hold, and the rule or reason that keeps it back.
with jobs as (
    select * from {{ ref('stg_sonar__jobs') }}
),

owners as (
    select * from {{ ref('int_field__job_owners') }}
),

job_types as (
    select * from {{ ref('int_field__job_types') }}
),

technicians as (
    select * from {{ ref('int_field__technicians') }}
),

others as (
    select
        job_key,
        'Also assigned: ' || string_agg(user_name, ', ' order by sonar_user_id) as line
    from technicians
    where admin_key is null
    group by job_key
),

begun as (
    select distinct sonar_job_id from {{ ref('stg_sonar__job_check_ins') }}
),

joined as (
    select
        jobs.*,
        owners.customer_key,
        owners.partner_key,
        owners.owner_rule,
        owners.owner_reason,
        owners.site_name,
        job_types._sonar_key as job_type_key,
        job_types.reject_reason as job_type_reason,
        first_technicians.admin_key as assignee_key,
        begun.sonar_job_id is not null as is_begun,
        concat_ws(' ', job_types.title, owners.owner_name) as whole_title,
        {{ shown_html('jobs.completion_notes', 'clean_notes') }} as notes,
        {{ is_not_cleaned('jobs.completion_notes', 'clean_notes') }} as is_not_cleaned,
        others.line as others_line
    from jobs
    left join owners on jobs._sonar_key = owners._sonar_key
    left join job_types on jobs.sonar_job_type_id = job_types.sonar_job_type_id
    left join technicians as first_technicians
        on jobs._sonar_key = first_technicians.job_key and first_technicians.place = 1
    left join others on jobs._sonar_key = others.job_key
    left join begun on jobs.sonar_job_id = begun.sonar_job_id
    {{ clean_texts_of('jobs.completion_notes', 'clean_notes') }}
),

judged as (
    select
        joined.*,
        case
            when joined.owner_reason is not null then joined.owner_reason
            when joined.job_type_key is null then 'job_type_missing'
            when joined.job_type_reason is not null then 'job_type_rejected'
            when joined.is_not_cleaned then 'text_not_cleaned'
        end as reason
    from joined
),

-- A ticket of Splynx names one task: that of its first job that goes on.
ranked as (
    select
        judged.*,
        case
            when judged.owner_rule is null and judged.reason is null
                then row_number() over (
                    partition by
                        judged.sonar_ticket_id, judged.owner_rule is null, judged.reason is null
                    order by judged.sonar_job_id
                )
        end as place_in_ticket
    from judged
),

-- Splynx's tasks have no place for these.
described as (
    select
        ranked.*,
        concat_ws(
            '<br>',
            case when length(ranked.whole_title) > 64 then {{ html_text('ranked.whole_title') }} end,
            nullif(ranked.notes, ''),
            'Network site: ' || {{ html_text('ranked.site_name') }},
            {{ html_text('ranked.others_line') }},
            case when ranked.place_in_ticket > 1 then 'Ticket: ' || ranked.sonar_ticket_id end,
            case
                when ranked.is_complete and ranked.is_successful is false
                    then 'Completed without success'
            end,
            case
                when length(ranked.address_on_completion) > 512
                    then 'Address: ' || {{ html_text('ranked.address_on_completion') }}
            end
        ) as description
    from ranked
),

final as (
    select
        described._sonar_key,
        described.sonar_job_id,
        described.customer_key,
        described.partner_key,
        described.job_type_key,
        described.assignee_key,
        case when described.place_in_ticket = 1 then described.sonar_ticket_id end
            as sonar_ticket_id,
        -- scheduling_task.title takes 250 characters, the API and the form 64
        btrim(left(described.whole_title, 64)) as title,
        nullif(described.description, '') as description,
        described.scheduled_at,
        described.scheduled_at
        + make_interval(mins => greatest(coalesce(described.length_in_minutes, 0), 0)::int)
            as scheduled_until,
        coalesce(described.is_complete, false) as is_complete,
        case
            when described.is_complete then 'done'
            when described.is_begun then 'in_progress'
            else 'new'
        end as stage,
        case when described.is_complete then described.completed_at end as completed_at,
        case
            when length(described.address_on_completion) <= 512      -- scheduling_task.address
                then described.address_on_completion
        end as address,
        described.created_at,
        described.updated_at,
        described.owner_rule as exclude_rule,
        case
            when described.owner_rule is not null then null
            when described.reason is not null then described.reason
            -- scheduling_task.description
            when octet_length(described.description) > 65535 then 'description_too_long'
        end as reject_reason
    from described
)

select * from final
