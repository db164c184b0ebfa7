-- Each network site with its own address. Of several addresses the lowest id is the one.
with sites as (
    select * from {{ ref('stg_sonar__network_sites') }}
),

addresses as (
    select
        owner_id as sonar_network_site_id,
        _sonar_key as address_key,
        nullif(
            concat_ws(
                ', ',
                line_1,
                line_2,
                city,
                nullif(concat_ws(' ', regexp_replace(subdivision, '^[A-Z]{2}_', ''), zip_code), ''),
                country
            ),
            ''
        ) as address,
        row_number() over (partition by owner_id order by sonar_address_id) as place
    from {{ ref('stg_sonar__addresses') }}
    where owner_type = 'NetworkSite'
),

final as (
    select
        sites._sonar_key,
        sites.sonar_network_site_id,
        sites.company_id,
        sites.site_name as title,
        case
            when sites.height_in_meters <> 0
                then 'Height: ' || trim_scale(sites.height_in_meters) || ' m'
        end as description,
        addresses.address,
        case when addresses.address is not null then addresses.address_key end as address_key,
        regexp_replace(sites.geopoint, '\s', '', 'g') as gps,
        null::text as exclude_rule,
        case
            when sites.site_name is null then 'missing_name'
            when length(sites.site_name) > 128 then 'name_too_long'      -- network_sites.title
        end as reject_reason
    from sites
    left join addresses
        on
            sites.sonar_network_site_id = addresses.sonar_network_site_id
            and addresses.place = 1
            and length(addresses.address) <= 512      -- network_sites.address
)

select * from final
