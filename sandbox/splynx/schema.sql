-- Splynx's tables of the customers, internet plans and internet services.
--
-- observed: columns, types, defaults, order of enum members and keys as seen on a fresh instance.
-- inferred: derived from sibling tables, the REST API and what operators' tools read; may be wrong.
-- Nobody has recorded the engine, the character set or composite keys: those are our choice here.

-- observed
create table roles (
    name varchar(32) not null,
    title varchar(32) not null,
    is_base enum('1', '0') not null default '0',
    primary key (name)
);

-- observed
create table admins (
    id int unsigned not null auto_increment,
    partner_id int unsigned not null,
    role_name varchar(32) not null,
    router_access enum('none', 'read', 'write', 'full') not null default 'none',
    login varchar(64) not null,
    name varchar(64) not null,
    email varchar(64) not null,
    password varchar(512) not null,
    otp_secret varchar(512) not null,
    timeout int unsigned not null default '0',
    deleted enum('0', '1') not null default '0',
    last_ip varchar(15) not null,
    last_dt datetime not null,
    phone varchar(256) not null default '',
    photo_version varchar(50) not null,
    default_photo int not null default '0',
    send_from_my_name enum('0', '1') null default '0',
    updated_at datetime null default current_timestamp,
    calendar_color varchar(50) null,
    primary key (id),
    key partner_id (partner_id),
    key role_name (role_name),
    key deleted (deleted),
    foreign key (role_name) references roles (name)
);

-- inferred
create table partners (
    id int unsigned not null auto_increment,
    name varchar(64) not null,
    deleted enum('0', '1') not null default '0',
    primary key (id),
    key deleted (deleted)
);

-- inferred
create table locations (
    id int unsigned not null auto_increment,
    name varchar(64) not null,
    tax_for_tariff_bundle int unsigned not null default '0',
    tax_for_tariff_internet int unsigned not null default '0',
    tax_for_tariff_voice int unsigned not null default '0',
    tax_for_tariff_recurring int unsigned not null default '0',
    tax_for_tariff_onetime int unsigned not null default '0',
    tax_for_inventory_items int unsigned not null default '0',
    deleted enum('0', '1') not null default '0',
    primary key (id),
    key deleted (deleted)
);

-- inferred
create table tax (
    id int unsigned not null auto_increment,
    name varchar(64) not null,
    rate decimal(6,4) not null default '0.0000',
    type enum('single', 'group') not null default 'single',
    archived enum('0', '1') not null default '0',
    accounting_tax_rates_id int unsigned not null default '0',
    einvoicing_tax_rates_id int unsigned not null default '0',
    is_system enum('0', '1') not null default '0',
    primary key (id)
);

-- inferred
create table payments_types (
    id int unsigned not null auto_increment,
    name varchar(64) not null,
    is_active enum('0', '1') not null default '1',
    name_1 varchar(64) not null default '',
    name_2 varchar(64) not null default '',
    name_3 varchar(64) not null default '',
    name_4 varchar(64) not null default '',
    name_5 varchar(64) not null default '',
    accounting_bank_accounts_id int unsigned not null default '0',
    einvoicing_payment_methods_id int unsigned not null default '0',
    deleted enum('0', '1') not null default '0',
    primary key (id),
    key deleted (deleted)
);

-- inferred: only the name and the key are known, from the foreign keys that lead here
create table accounting_categories (
    id int unsigned not null auto_increment,
    primary key (id)
);

-- inferred: only the name and the key are known, from the foreign keys that lead here
create table einvoicing_categories (
    id int unsigned not null auto_increment,
    primary key (id)
);

-- inferred: only the name and the key are known, from the foreign keys that lead here
create table einvoicing_types (
    id int unsigned not null auto_increment,
    primary key (id)
);

-- observed
create table billing_transactions_categories (
    id int unsigned not null auto_increment,
    name varchar(64) not null,
    deleted enum('0', '1') not null default '0',
    is_base enum('0', '1') not null default '0',
    accounting_category_id int unsigned null,
    einvoicing_category_id int unsigned null,
    einvoicing_private_person_category_id int unsigned null,
    einvoicing_type_id int unsigned null,
    einvoicing_private_person_type_id int unsigned null,
    primary key (id),
    key name (name),
    key deleted (deleted),
    key accounting_category_id (accounting_category_id),
    key einvoicing_category_id (einvoicing_category_id),
    key einvoicing_private_person_category_id (einvoicing_private_person_category_id),
    key einvoicing_type_id (einvoicing_type_id),
    key einvoicing_private_person_type_id (einvoicing_private_person_type_id),
    foreign key (accounting_category_id) references accounting_categories (id),
    foreign key (einvoicing_category_id) references einvoicing_categories (id),
    foreign key (einvoicing_private_person_category_id) references einvoicing_categories (id),
    foreign key (einvoicing_private_person_type_id) references einvoicing_types (id),
    foreign key (einvoicing_type_id) references einvoicing_types (id)
);

-- observed
create table customers (
    id int unsigned not null auto_increment,
    billing_type enum('recurring', 'prepaid', 'prepaid_monthly') not null,
    partner_id int unsigned not null,
    location_id int unsigned not null,
    parent_id int null default '0',
    added_by enum('admin', 'api', 'widget') not null default 'admin',
    added_by_id int unsigned not null,
    status enum('new', 'active', 'blocked', 'disabled') not null default 'new',
    login varchar(128) not null,
    category enum('person', 'company', 'lead') not null default 'person',
    password varchar(512) not null,
    name varchar(256) not null,
    email varchar(256) not null,
    billing_email varchar(256) null,
    phone varchar(256) not null,
    street_1 varchar(255) not null,
    zip_code varchar(32) not null,
    city varchar(32) not null,
    subdivision_id int null,
    gps varchar(256) null,
    gdpr_agreed enum('empty_answer', 'decline', 'accept') null default 'empty_answer',
    date_add date not null,
    last_online datetime not null,
    deleted enum('1', '0') not null default '0',
    last_update datetime not null,
    daily_prepaid_cost decimal(19,4) not null,
    mrr_total decimal(19,4) unsigned not null default '0.0000',
    conversion_date datetime null,
    primary key (id),
    key parent_id (parent_id),
    key added_by (added_by),
    key status (status),
    key login (login),
    key date_add (date_add),
    key deleted (deleted)
);

-- observed
create table customer_info (
    customer_id int unsigned not null,
    birthday varchar(64) not null,
    passport varchar(32) not null,
    company_id varchar(32) not null,
    vat_id varchar(32) not null,
    contact_person varchar(256) not null default '',
    updated_at datetime null default current_timestamp,
    primary key (customer_id),
    foreign key (customer_id) references customers (id)
);

-- observed
create table customer_cap (
    customer_id int unsigned not null auto_increment,
    auto_cap enum('1', '0') not null default '0',
    limitation_type enum('auto_top_up', 'manual_top_up', 'any_top_up') not null
        default 'auto_top_up',
    max_cap_during_month int null default '10',
    transfer_usage_to_new_service enum('1', '0') not null default '1',
    deleted enum('1', '0') not null default '0',
    primary key (customer_id),
    foreign key (customer_id) references customers (id)
);

-- inferred
create table customer_billing (
    customer_id int unsigned not null,
    enabled enum('0', '1') not null default '1',
    type int unsigned not null default '1',
    deposit decimal(19,4) not null default '0.0000',
    billing_date int unsigned not null default '1',
    billing_due int unsigned not null default '15',
    blocking_period int unsigned not null default '0',
    grace_period int unsigned not null default '10',
    make_invoices enum('0', '1') not null default '1',
    payment_method int unsigned not null default '1',
    min_balance decimal(19,4) not null default '0.0000',
    month_price decimal(19,4) not null default '0.0000',
    request_auto_enable enum('0', '1') not null default '0',
    request_auto_day int unsigned not null default '1',
    request_auto_period int unsigned not null default '0',
    request_auto_type int unsigned not null default '1',
    request_auto_next date not null,
    reminder_enable enum('0', '1') not null default '0',
    reminder_type int unsigned not null default '0',
    reminder_day_1 int not null default '10',
    reminder_day_2 int not null default '5',
    reminder_day_3 int not null default '5',
    reminder_payment enum('0', '1') not null default '0',
    reminder_payment_value decimal(19,4) not null default '0.0000',
    reminder_payment_comment varchar(256) not null default '',
    billing_person varchar(256) not null default '',
    billing_street_1 varchar(255) not null default '',
    billing_street_2 varchar(255) not null default '',
    billing_zip_code varchar(32) not null default '',
    billing_city varchar(32) not null default '',
    send_finance_notification enum('0', '1') not null default '1',
    partner_percent decimal(6,4) null,
    blocking_date date not null,
    sub_billing_mode enum('independent', 'aggregated') not null default 'independent',
    deleted enum('0', '1') not null default '0',
    updated_at datetime null default current_timestamp,
    primary key (customer_id),
    -- inferred: a sibling table has this foreign key
    foreign key (customer_id) references customers (id)
);

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
create table services_internet (
    id int unsigned not null auto_increment,
    parent_id int unsigned not null,
    customer_id int unsigned not null,
    tariff_id int unsigned not null,
    bundle_service_id int unsigned not null,
    router_id int unsigned not null,
    sector_id int unsigned not null,
    login varchar(128) not null,
    password varchar(512) not null,
    taking_ipv4 enum('0', '1', '2') not null default '0',
    ipv4 varchar(64) not null,
    ipv4_route varchar(512) not null,
    ipv4_pool_id int unsigned not null,
    taking_ipv6 enum('0', '1', '2') not null default '0',
    ipv6 varchar(128) not null,
    ipv6_delegated varchar(128) not null,
    ipv6_pool_id int unsigned not null,
    mac varchar(512) not null,
    port_id varchar(64) not null,
    access_device int unsigned not null default '0',
    description varchar(512) not null,
    quantity int not null,
    unit varchar(128) not null,
    unit_price decimal(19,4) not null,
    start_date date not null,
    end_date date not null,
    status varchar(64) not null,
    status_new varchar(64) not null,
    discount enum('1', '0') not null default '0',
    discount_value decimal(19,4) null,
    discount_type enum('percent', 'fixed') not null default 'percent',
    discount_start_date date not null,
    discount_end_date date not null,
    discount_text varchar(512) not null,
    deleted enum('0', '1') not null default '0',
    period enum(
        '-1', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12', '13',
        '14', '15', '16', '17', '18', '19', '20', '21', '22', '23', '24', '25', '26', '27',
        '28', '29', '30', '31', '32', '33', '34', '35', '36', '37', '38', '39', '40', '41',
        '42', '43', '44', '45', '46', '47', '48', '49', '50', '51', '52', '53', '54', '55',
        '56', '57', '58', '59', '60', '61', '62', '63', '64', '65', '66', '67', '68', '69',
        '70', '71', '72', '73', '74', '75', '76', '77', '78', '79', '80', '81', '82', '83',
        '84', '85', '86', '87', '88', '89', '90', '91', '92', '93', '94', '95', '96', '97',
        '98', '99'
    ) not null default '-1',
    updated_at datetime null default current_timestamp,
    old_end_date date not null,
    on_approve enum('1', '0') not null default '0',
    primary key (id),
    key customer_id (customer_id),
    key login (login),
    key ipv4 (ipv4),
    key status (status),
    key deleted (deleted),
    -- inferred: a sibling table has this foreign key
    foreign key (customer_id) references customers (id)
);
