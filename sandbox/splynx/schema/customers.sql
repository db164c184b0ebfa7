-- Customers and the rows that belong to one customer.
--
-- observed: as recorded on a fresh instance; inferred: derived, and may be wrong. The engine, the
-- character set and composite keys are recorded nowhere and are our choice.

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
create table customers_fields (
    name varchar(64) not null,
    module varchar(64) not null,
    category varchar(32) not null default '0',
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
create table customers_values (
    id int unsigned not null,
    name varchar(64) not null,
    value text not null,
    primary key (id, name)
);

-- inferred
create table customers_labels (
    customer_id int unsigned not null,
    label_id int unsigned not null,
    key customer_id (customer_id),
    key label_id (label_id)
);

-- observed
create table customer_notes (
    id int unsigned not null auto_increment,
    customer_id int unsigned not null,
    datetime datetime not null,
    administrator_id int unsigned not null,
    type enum(
        'comment', 'message', 'call', 'customer', 'finance', 'service', 'support'
    ) not null default 'comment',
    class varchar(32) not null,
    title varchar(50) null,
    name varchar(255) not null,
    comment text not null,
    `values` text not null,
    scheduled_send_time datetime null,
    assigned_to int not null,
    is_done enum('0', '1') not null default '0',
    is_send enum('0', '1') not null default '0',
    deleted enum('0', '1') not null default '0',
    updated_at datetime null default current_timestamp,
    is_pinned tinyint unsigned not null default '0',
    pinned_date datetime null,
    is_edited tinyint(1) not null default '0',
    primary key (id),
    key customer_id (customer_id),
    foreign key (customer_id) references customers (id)
);

-- inferred
create table customer_documents (
    id int unsigned not null auto_increment,
    hash_id varchar(64) not null,
    added_by enum('admin', 'api', 'customer', 'system') not null default 'admin',
    added_by_id int unsigned not null,
    customer_id int unsigned not null,
    type enum('uploaded', 'generated', 'contract') not null default 'uploaded',
    title varchar(256) not null,
    created_at datetime not null,
    updated_at datetime not null,
    description text not null,
    visible_by_customer enum('0', '1') not null default '0',
    filename_original varchar(256) not null,
    filename_uploaded varchar(256) not null,
    code longtext not null,
    sign_date datetime null,
    terms_month int unsigned null,
    end_of_term date null,
    status varchar(32) null,
    deleted enum('0', '1') not null default '0',
    primary key (id),
    key hash_id (hash_id),
    key customer_id (customer_id),
    key deleted (deleted)
);

-- observed
create table accounting_customers (
    id int unsigned not null auto_increment,
    customer_id int unsigned not null,
    modified enum('0', '1') not null default '1',
    accounting_id varchar(256) null,
    create_date datetime not null,
    last_updated datetime not null,
    accounting_status int null,
    additional_1 text null,
    additional_2 text null,
    additional_3 text null,
    deleted enum('0', '1') not null default '0',
    primary key (id),
    key customer_id (customer_id),
    key deleted (deleted),
    foreign key (customer_id) references customers (id)
);
