-- Plans, and to whom they are offered.
--
-- observed: as recorded on a fresh instance; inferred: derived, and may be wrong. The engine, the
-- character set and composite keys are recorded nowhere and are our choice.

-- inferred
create table tariffs_internet (
    id int unsigned not null auto_increment,
    tariffs_for_change varchar(512) not null,
    title varchar(64) not null,
    available_for_services enum('0', '1') not null default '1',
    show_on_customer_portal enum('0', '1') not null default '0',
    hide_on_admin_portal enum('0', '1') not null default '0',
    service_name varchar(64) not null,
    price decimal(19,4) not null,
    billing_days_count smallint unsigned null,
    speed_download int unsigned not null,
    speed_upload int unsigned not null,
    speed_limit_type enum('none', 'percent', 'fixed') not null default 'percent',
    speed_limit_at int unsigned not null default '10',
    speed_limit_fixed_up int unsigned not null default '0',
    speed_limit_fixed_down int unsigned not null default '0',
    aggregation int unsigned not null default '1',
    burst_type enum('none', 'percent', 'fixed') not null default 'none',
    burst_limit int unsigned null,
    burst_limit_fixed_up int unsigned not null default '0',
    burst_limit_fixed_down int unsigned not null default '0',
    burst_threshold int unsigned not null default '0',
    burst_threshold_fixed_up int unsigned not null default '0',
    burst_threshold_fixed_down int unsigned not null default '0',
    burst_time int unsigned not null default '0',
    priority enum('low', 'normal', 'high') not null default 'normal',
    exclude_traffic_classes varchar(512) null,
    with_vat enum('0', '1') not null default '1',
    vat_percent decimal(6,4) not null default '0.0000',
    tax_id int unsigned not null,
    transaction_category_id int unsigned not null default '0',
    deleted enum('0', '1') not null default '0',
    updated_at datetime null default current_timestamp,
    primary key (id),
    key deleted (deleted)
);

-- inferred
create table tariffs_internet_to_partners (
    tariff_id int unsigned not null,
    partner_id int unsigned not null,
    key tariff_id (tariff_id),
    key partner_id (partner_id)
);

-- inferred
create table tariffs_internet_to_locations (
    tariff_id int unsigned not null,
    location_id int unsigned not null,
    key tariff_id (tariff_id),
    key location_id (location_id)
);

-- inferred
create table tariffs_internet_to_customer_categories (
    tariff_id int unsigned not null,
    customer_category enum('person', 'company') not null,
    key tariff_id (tariff_id)
);

-- inferred
create table tariffs_internet_to_billing_types (
    tariff_id int unsigned not null,
    billing_type enum('recurring', 'prepaid', 'prepaid_monthly') not null,
    key tariff_id (tariff_id)
);

-- inferred
create table tariffs_internet_module_labels (
    tariff_id int unsigned not null,
    label_id int unsigned not null,
    key tariff_id (tariff_id),
    key label_id (label_id)
);

-- inferred
create table tariffs_internet_fields (
    name varchar(64) not null,
    module varchar(64) not null,
    title varchar(128) not null,
    type varchar(32) not null default 'string',
    position int unsigned not null default '0',
    default_value varchar(512) not null default '',
    min_length varchar(16) not null default '',
    max_length varchar(16) not null default '',
    select_values text not null,
    decimals int unsigned not null default '2',
    relation_module varchar(64) not null default '',
    addon varchar(128) not null default '',
    addon_uri varchar(256) not null default '',
    addon_input_type varchar(32) not null default '',
    deleted enum('0', '1') not null default '0',
    show_in_list enum('0', '1') not null default '0',
    is_required enum('0', '1') not null default '0',
    is_unique enum('0', '1') not null default '0',
    is_add enum('0', '1') not null default '1',
    searchable enum('0', '1') not null default '0',
    readonly enum('0', '1') not null default '0',
    hidden enum('0', '1') not null default '0',
    disabled enum('0', '1') not null default '0',
    primary key (name)
);

-- inferred
create table tariffs_internet_values (
    id int unsigned not null,
    name varchar(64) not null,
    value text not null,
    primary key (id, name)
);

-- inferred
create table tariffs_custom (
    id int unsigned not null auto_increment,
    tariffs_for_change varchar(512) not null,
    title varchar(64) not null,
    available_for_services enum('0', '1') not null default '1',
    show_on_customer_portal enum('0', '1') not null default '0',
    hide_on_admin_portal enum('0', '1') not null default '0',
    service_name varchar(64) not null,
    price decimal(19,4) not null,
    billing_days_count smallint unsigned null,
    with_vat enum('0', '1') not null default '1',
    vat_percent decimal(6,4) not null default '0.0000',
    tax_id int unsigned not null,
    transaction_category_id int unsigned not null default '0',
    deleted enum('0', '1') not null default '0',
    updated_at datetime null default current_timestamp,
    primary key (id),
    key deleted (deleted)
);

-- inferred
create table tariffs_custom_to_partners (
    tariff_id int unsigned not null,
    partner_id int unsigned not null,
    key tariff_id (tariff_id),
    key partner_id (partner_id)
);

-- inferred
create table tariffs_custom_to_locations (
    tariff_id int unsigned not null,
    location_id int unsigned not null,
    key tariff_id (tariff_id),
    key location_id (location_id)
);

-- inferred
create table tariffs_custom_to_customer_categories (
    tariff_id int unsigned not null,
    customer_category enum('person', 'company') not null,
    key tariff_id (tariff_id)
);

-- inferred
create table tariffs_custom_to_billing_types (
    tariff_id int unsigned not null,
    billing_type enum('recurring', 'prepaid', 'prepaid_monthly') not null,
    key tariff_id (tariff_id)
);

-- inferred
create table tariffs_custom_fields (
    name varchar(64) not null,
    module varchar(64) not null,
    title varchar(128) not null,
    type varchar(32) not null default 'string',
    position int unsigned not null default '0',
    default_value varchar(512) not null default '',
    min_length varchar(16) not null default '',
    max_length varchar(16) not null default '',
    select_values text not null,
    decimals int unsigned not null default '2',
    relation_module varchar(64) not null default '',
    addon varchar(128) not null default '',
    addon_uri varchar(256) not null default '',
    addon_input_type varchar(32) not null default '',
    deleted enum('0', '1') not null default '0',
    show_in_list enum('0', '1') not null default '0',
    is_required enum('0', '1') not null default '0',
    is_unique enum('0', '1') not null default '0',
    is_add enum('0', '1') not null default '1',
    searchable enum('0', '1') not null default '0',
    readonly enum('0', '1') not null default '0',
    hidden enum('0', '1') not null default '0',
    disabled enum('0', '1') not null default '0',
    primary key (name)
);

-- inferred
create table tariffs_custom_values (
    id int unsigned not null,
    name varchar(64) not null,
    value text not null,
    primary key (id, name)
);

-- observed
create table tariffs_voice (
    id int unsigned not null auto_increment,
    tariffs_for_change varchar(512) not null,
    title varchar(64) not null,
    available_for_services enum('0', '1') not null default '1',
    show_on_customer_portal enum('0', '1') not null default '0',
    hide_on_admin_portal enum('0', '1') not null default '0',
    service_name varchar(64) not null,
    customer_rate_table_id int unsigned null,
    buy_price_increase smallint not null default '0',
    price decimal(19,4) not null,
    billing_days_count smallint unsigned null,
    type enum('voip', 'mobile', 'fix') not null default 'voip',
    connection_cost_included enum('0', '1') not null default '1',
    with_vat enum('0', '1') not null default '1',
    vat_percent decimal(6,4) not null default '0.0000',
    tax_id int unsigned not null,
    transaction_category_id int unsigned not null default '0',
    transaction_category_id_for_calls int unsigned not null,
    transaction_category_id_for_messages int unsigned not null,
    transaction_category_id_for_data int unsigned not null,
    deleted enum('0', '1') not null default '0',
    updated_at datetime null default current_timestamp,
    primary key (id),
    key deleted (deleted)
);

-- inferred
create table tariffs_voice_to_partners (
    tariff_id int unsigned not null,
    partner_id int unsigned not null,
    key tariff_id (tariff_id),
    key partner_id (partner_id)
);

-- inferred
create table tariffs_voice_to_locations (
    tariff_id int unsigned not null,
    location_id int unsigned not null,
    key tariff_id (tariff_id),
    key location_id (location_id)
);

-- inferred
create table tariffs_voice_to_customer_categories (
    tariff_id int unsigned not null,
    customer_category enum('person', 'company') not null,
    key tariff_id (tariff_id)
);

-- inferred
create table tariffs_voice_to_billing_types (
    tariff_id int unsigned not null,
    billing_type enum('recurring', 'prepaid', 'prepaid_monthly') not null,
    key tariff_id (tariff_id)
);

-- inferred
create table tariffs_one_time (
    id int unsigned not null auto_increment,
    title varchar(64) not null,
    service_description varchar(512) not null,
    enabled enum('0', '1') not null default '1',
    price decimal(19,4) not null,
    with_vat enum('0', '1') not null default '1',
    vat_percent decimal(6,4) not null default '0.0000',
    tax_id int unsigned not null,
    transaction_category_id int unsigned not null default '0',
    show_on_customer_portal enum('0', '1') not null default '0',
    hide_on_admin_portal enum('0', '1') not null default '0',
    deleted enum('0', '1') not null default '0',
    updated_at datetime null default current_timestamp,
    primary key (id),
    key deleted (deleted)
);

-- inferred
create table tariffs_one_time_to_partners (
    tariff_id int unsigned not null,
    partner_id int unsigned not null,
    key tariff_id (tariff_id),
    key partner_id (partner_id)
);

-- inferred
create table tariffs_one_time_to_locations (
    tariff_id int unsigned not null,
    location_id int unsigned not null,
    key tariff_id (tariff_id),
    key location_id (location_id)
);

-- inferred
create table tariffs_one_time_to_customer_categories (
    tariff_id int unsigned not null,
    customer_category enum('person', 'company') not null,
    key tariff_id (tariff_id)
);

-- inferred
create table bundle (
    id int unsigned not null auto_increment,
    title varchar(64) not null,
    service_description varchar(512) not null,
    price decimal(19,4) not null,
    billing_days_count smallint unsigned null,
    with_vat enum('0', '1') not null default '1',
    vat_percent decimal(6,4) not null default '0.0000',
    tax_id int unsigned not null,
    activation_fee decimal(19,4) not null default '0.0000',
    get_activation_fee_when enum(
        'create_service', 'first_service_billing'
    ) not null default 'create_service',
    issue_invoice_while_service_creation enum('0', '1') not null default '0',
    contract_duration int unsigned not null default '0',
    automatic_renewal enum('1', '0') not null default '0',
    auto_reactivate enum('1', '0') not null default '0',
    cancellation_fee decimal(19,4) not null default '0.0000',
    prior_cancellation_fee decimal(19,4) not null default '0.0000',
    change_to_other_bundle_fee decimal(19,4) not null default '0.0000',
    discount_period int unsigned not null default '0',
    discount_value decimal(19,4) not null default '0.0000',
    discount_type enum('percent', 'fixed') not null default 'percent',
    available_for_services enum('0', '1') not null default '1',
    transaction_category_id int unsigned not null default '0',
    show_on_customer_portal enum('0', '1') not null default '0',
    hide_on_admin_portal enum('0', '1') not null default '0',
    deleted enum('0', '1') not null default '0',
    updated_at datetime null default current_timestamp,
    primary key (id),
    key deleted (deleted)
);

-- observed
create table bundle_to_tariffs_custom (
    bundle_id int unsigned not null,
    tariff_id int unsigned not null,
    key bundle_id (bundle_id),
    key tariff_id (tariff_id),
    foreign key (bundle_id) references bundle (id),
    foreign key (tariff_id) references tariffs_custom (id)
);

-- observed
create table bundle_to_tariffs_internet (
    bundle_id int unsigned not null,
    tariff_id int unsigned not null,
    key bundle_id (bundle_id),
    key tariff_id (tariff_id),
    foreign key (bundle_id) references bundle (id),
    foreign key (tariff_id) references tariffs_internet (id)
);

-- inferred
create table bundle_to_tariffs_voice (
    bundle_id int unsigned not null,
    tariff_id int unsigned not null,
    key bundle_id (bundle_id),
    key tariff_id (tariff_id),
    foreign key (bundle_id) references bundle (id),
    foreign key (tariff_id) references tariffs_voice (id)
);

-- inferred
create table bundle_to_partners (
    bundle_id int unsigned not null,
    partner_id int unsigned not null,
    key bundle_id (bundle_id),
    key partner_id (partner_id)
);

-- inferred
create table bundle_to_locations (
    bundle_id int unsigned not null,
    location_id int unsigned not null,
    key bundle_id (bundle_id),
    key location_id (location_id)
);

-- inferred
create table bundle_to_customer_categories (
    bundle_id int unsigned not null,
    customer_category enum('person', 'company') not null,
    key bundle_id (bundle_id)
);

-- inferred
create table bundle_to_billing_types (
    bundle_id int unsigned not null,
    billing_type enum('recurring', 'prepaid', 'prepaid_monthly') not null,
    key bundle_id (bundle_id)
);

-- observed
create table cap_tariff (
    id int unsigned not null auto_increment,
    tariff_id int unsigned not null,
    title varchar(64) not null,
    amount bigint not null,
    amount_in enum('mb', 'gb') not null default 'mb',
    price decimal(19,4) not null default '0.0000',
    type enum('manual', 'automatic') not null default 'manual',
    validity varchar(20) not null,
    to_invoice enum('0', '1') not null default '0',
    transaction_category_id int unsigned not null default '0',
    deleted enum('0', '1') not null default '0',
    primary key (id)
);

-- inferred: only the name and the key are known, from the foreign keys that lead here
create table customer_rate_tables (
    id int unsigned not null auto_increment,
    primary key (id)
);

-- inferred: only the name and the key are known, from the foreign keys that lead here
create table voice_categories (
    id int unsigned not null auto_increment,
    primary key (id)
);

-- observed
create table customer_rates (
    id int unsigned not null auto_increment,
    table_id int unsigned not null,
    name varchar(255) not null default '',
    description varchar(512) not null default '',
    type enum('call', 'message', 'data') not null default 'call',
    category_id int unsigned null,
    prefix varchar(96) not null default '',
    price decimal(19,4) not null default '0.0000',
    first_step int unsigned not null default '1',
    tariffication_step int unsigned not null default '1',
    connect_cost decimal(19,4) not null default '0.0000',
    primary key (id),
    key table_id (table_id),
    key type (type),
    key category_id (category_id),
    key prefix (prefix),
    foreign key (table_id) references customer_rate_tables (id),
    foreign key (category_id) references voice_categories (id)
);
