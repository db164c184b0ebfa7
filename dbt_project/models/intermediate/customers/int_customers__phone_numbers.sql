-- Numbers follow their contact, lowest id first. Of the main contact's, as many go on as the column
-- of the customer takes, separated by commas.
with phone_numbers as (
    select * from {{ ref('stg_sonar__phone_numbers') }}
),

contacts as (
    select * from {{ ref('int_customers__contacts') }}
),

owned as (
    select
        phone_numbers._sonar_key,
        phone_numbers.sonar_phone_number_id,
        contacts.sonar_contact_id,
        contacts.sonar_account_id,
        contacts.is_main,
        nullif(
            concat_ws(' x', phone_numbers.phone_number, phone_numbers.extension), ''
        ) as phone,
        contacts.exclude_rule as contact_rule,
        contacts.reject_reason as contact_reason
    from phone_numbers
    left join contacts on phone_numbers.sonar_contact_id = contacts.sonar_contact_id
),

measured as (
    select
        owned.*,
        -- each number but the first has a comma before it
        sum(length(owned.phone) + 1) over (
            partition by owned.sonar_contact_id
            order by owned.sonar_phone_number_id
        ) - 1 as length_so_far
    from owned
),

final as (
    select
        measured._sonar_key,
        measured.sonar_phone_number_id,
        measured.sonar_contact_id,
        measured.sonar_account_id,
        coalesce(measured.is_main, false) as is_of_main_contact,
        measured.phone,
        case
            when measured.contact_rule is not null then measured.contact_rule
            when measured.is_main and measured.length_so_far > 256      -- customers.phone
                then 'phone_does_not_fit'
        end as exclude_rule,
        case
            when measured.sonar_contact_id is null then 'contact_missing'
            else measured.contact_reason
        end as reject_reason
    from measured
)

select * from final
