-- Transactions, invoices, payments, credit notes, proforma invoices and quotes.
--
-- observed: as recorded on a fresh instance; inferred: derived, and may be wrong. The engine, the
-- character set and composite keys are recorded nowhere and are our choice.

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
create table billing_transactions (
    id int unsigned not null auto_increment,
    customer_id int unsigned not null,
    sub_account_id int unsigned null,
    type enum('debit', 'credit') not null,
    quantity int not null default '1',
    unit varchar(32) not null,
    price decimal(19,4) not null,
    total decimal(19,4) not null,
    remind_amount decimal(19,4) not null,
    tax_percent decimal(6,4) not null,
    tax_id int unsigned not null,
    date date not null,
    category int unsigned not null,
    description varchar(255) not null,
    comment varchar(512) not null,
    period_from date not null,
    period_to date not null,
    to_invoice enum('0', '1') not null default '0',
    service_id int unsigned null,
    service_type enum('internet', 'voice', 'custom', 'bundle', 'one_time') not null,
    payment_id int unsigned null,
    invoice_id int unsigned null,
    invoiced_by_id int unsigned null,
    source enum('manual', 'auto', 'cdr', 'config') not null default 'manual',
    deleted enum('0', '1') not null default '0',
    updated_at datetime null default current_timestamp,
    credit_note_id int unsigned null,
    primary key (id),
    key customer_id (customer_id),
    key date (date),
    key category (category),
    key service_id (service_id),
    key deleted (deleted),
    foreign key (customer_id) references customers (id)
);

-- observed
create table invoices (
    id int unsigned not null auto_increment,
    customer_id int unsigned not null,
    number varchar(64) not null,
    date_created date not null,
    real_create_datetime datetime not null,
    date_updated date not null,
    date_payment date not null,
    date_till date not null,
    total decimal(19,4) not null,
    due decimal(19,4) not null,
    status enum('not_paid', 'paid', 'deleted', 'pending') not null default 'not_paid',
    payment_id int unsigned not null,
    is_sent enum('0', '1') not null default '0',
    payd_from_deposit enum('0', '1') not null default '0',
    use_transactions enum('0', '1') not null default '1',
    note text not null,
    memo text not null,
    added_by enum('system', 'api', 'admin') null,
    added_by_id int null,
    deleted enum('0', '1') not null default '0',
    type enum('one_time', 'recurring') not null default 'one_time',
    primary key (id),
    key customer_id (customer_id),
    key number (number),
    key deleted (deleted),
    key type (type),
    foreign key (customer_id) references customers (id)
);

-- inferred
create table invoices_items (
    id int not null auto_increment,
    invoice_id int unsigned not null,
    sub_account_id int unsigned null,
    pos smallint unsigned not null,
    description varchar(256) not null,
    quantity int not null,
    unit varchar(16) not null,
    price decimal(19,4) not null,
    tax decimal(6,4) not null,
    tax_id int unsigned not null,
    period_from date not null,
    period_to date not null,
    transaction_id int unsigned null,
    deleted enum('0', '1') not null default '0',
    primary key (id),
    key invoice_id (invoice_id),
    key pos (pos),
    key transaction_id (transaction_id),
    key deleted (deleted),
    -- inferred: a sibling table has this foreign key
    foreign key (invoice_id) references invoices (id)
);

-- inferred
create table invoices_fields (
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
create table invoices_values (
    id int unsigned not null,
    name varchar(64) not null,
    value text not null,
    primary key (id, name)
);

-- observed
create table invoices_cache (
    id int unsigned not null auto_increment,
    invoice_id int unsigned not null,
    date_created datetime not null,
    version int unsigned not null,
    html longtext not null,
    primary key (id),
    key invoice_id (invoice_id),
    foreign key (invoice_id) references invoices (id)
);

-- observed
create table accounting_invoices (
    id int unsigned not null auto_increment,
    invoice_id int unsigned not null,
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
    key invoice_id (invoice_id),
    key deleted (deleted),
    foreign key (invoice_id) references invoices (id)
);

-- observed
create table invoice_payers (
    id int unsigned not null auto_increment,
    customer_id int unsigned not null,
    payer_id int not null,
    type enum('payment', 'credit_note', 'transaction') not null,
    invoice_id int unsigned null,
    transaction_id int unsigned null,
    amount decimal(19,4) not null,
    primary key (id),
    key customer_id (customer_id),
    key payer_id (payer_id),
    key invoice_id (invoice_id),
    key transaction_id (transaction_id)
);

-- observed
create table payments (
    id int unsigned not null auto_increment,
    customer_id int unsigned not null,
    invoice_id int unsigned null,
    request_id int unsigned null,
    transaction_id int unsigned not null,
    payment_type int unsigned not null,
    receipt_number varchar(32) not null,
    date date not null,
    real_create_datetime datetime not null,
    amount decimal(19,4) not null,
    remind_amount decimal(19,4) not null,
    comment varchar(256) not null,
    is_sent enum('0', '1') not null default '0',
    field_1 varchar(512) not null,
    field_2 varchar(512) not null,
    field_3 varchar(512) not null,
    field_4 varchar(512) not null,
    field_5 varchar(512) not null,
    note text not null,
    memo text not null,
    added_by enum('system', 'api', 'admin') null,
    added_by_id int null,
    deleted enum('0', '1') not null default '0',
    updated_at datetime null default current_timestamp,
    credit_note_id int null,
    payment_statement_id int null,
    primary key (id),
    key customer_id (customer_id),
    key receipt_number (receipt_number),
    key deleted (deleted)
);

-- inferred
create table payments_fields (
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
create table payments_values (
    id int unsigned not null,
    name varchar(64) not null,
    value text not null,
    primary key (id, name)
);

-- inferred
create table credit_notes (
    id int unsigned not null auto_increment,
    customer_id int unsigned not null,
    number varchar(64) not null,
    date_created date not null,
    real_create_datetime datetime not null,
    date_updated date not null,
    date_payment date not null,
    payment_id int unsigned not null,
    total decimal(19,4) not null,
    remind_amount decimal(19,4) not null,
    status enum('not_refunded', 'refunded', 'deleted') not null default 'not_refunded',
    note text not null,
    is_sent enum('0', '1') not null default '0',
    added_by enum('system', 'api', 'admin') null,
    added_by_id int null,
    deleted enum('0', '1') not null default '0',
    primary key (id),
    key customer_id (customer_id),
    key number (number),
    key deleted (deleted),
    -- inferred: a sibling table has this foreign key
    foreign key (customer_id) references customers (id)
);

-- inferred
create table credit_notes_items (
    id int not null auto_increment,
    credit_note_id int unsigned not null,
    sub_account_id int unsigned null,
    pos smallint unsigned not null,
    description varchar(256) not null,
    quantity int not null,
    unit varchar(16) not null,
    price decimal(19,4) not null,
    tax decimal(6,4) not null,
    tax_id int unsigned not null,
    transaction_id int unsigned null,
    deleted enum('0', '1') not null default '0',
    primary key (id),
    key credit_note_id (credit_note_id),
    key pos (pos),
    key transaction_id (transaction_id),
    key deleted (deleted),
    -- inferred: a sibling table has this foreign key
    foreign key (credit_note_id) references credit_notes (id)
);

-- inferred
create table credit_notes_to_invoices (
    credit_note_id int unsigned not null,
    invoice_id int unsigned not null,
    amount decimal(19,4) null,
    key credit_note_id (credit_note_id),
    key invoice_id (invoice_id)
);

-- inferred
create table requests (
    id int unsigned not null auto_increment,
    customer_id int unsigned not null,
    number varchar(64) not null,
    date_created date not null,
    real_create_datetime datetime not null,
    date_updated date not null,
    date_payment date not null,
    date_till date not null,
    total decimal(19,4) not null,
    status enum('not_paid', 'paid', 'pending') not null default 'not_paid',
    payment_id int unsigned not null,
    is_sent enum('0', '1') not null default '0',
    note text not null,
    memo text not null,
    is_crm_request enum('0', '1') not null default '0',
    added_by enum('system', 'api', 'admin') null,
    added_by_id int null,
    deleted enum('0', '1') not null default '0',
    primary key (id),
    key customer_id (customer_id),
    key number (number),
    key deleted (deleted),
    -- inferred: a sibling table has this foreign key
    foreign key (customer_id) references customers (id)
);

-- observed
create table requests_items (
    id int not null auto_increment,
    request_id int unsigned not null,
    sub_account_id int unsigned null,
    pos smallint unsigned not null,
    description varchar(256) not null,
    quantity int not null,
    unit varchar(16) not null,
    price decimal(19,4) not null,
    tax decimal(6,4) not null,
    tax_id int unsigned not null,
    period_from date not null,
    period_to date not null,
    deleted enum('0', '1') not null default '0',
    primary key (id),
    key request_id (request_id),
    key pos (pos),
    key deleted (deleted),
    foreign key (request_id) references requests (id)
);

-- inferred
create table quotes (
    id int unsigned not null auto_increment,
    customer_id int unsigned not null,
    number varchar(64) not null,
    date_created date not null,
    real_create_datetime datetime not null,
    date_updated date not null,
    date_of_decision date not null,
    date_till date not null,
    total decimal(19,4) not null,
    invoice_id int unsigned null,
    request_id int unsigned null,
    status varchar(32) not null,
    is_sent enum('0', '1') not null default '0',
    note text not null,
    memo text not null,
    signature text null,
    is_customers enum('0', '1') not null default '0',
    added_by enum('system', 'api', 'admin') null,
    added_by_id int null,
    deleted enum('0', '1') not null default '0',
    primary key (id),
    key customer_id (customer_id),
    key deleted (deleted)
);

-- observed
create table quotes_items (
    id int not null auto_increment,
    quote_id int unsigned not null,
    tariff varchar(64) null default '',
    pos smallint unsigned not null,
    description varchar(256) not null,
    quantity int not null,
    unit varchar(16) not null,
    price decimal(19,4) not null default '0.0000',
    tax decimal(6,4) not null,
    tax_id int unsigned not null,
    deleted enum('0', '1') not null default '0',
    primary key (id),
    key quote_id (quote_id),
    key pos (pos),
    key deleted (deleted),
    foreign key (quote_id) references quotes (id)
);

-- observed
create table charge_invoices (
    id int unsigned not null auto_increment,
    admin_id int unsigned not null,
    source enum('manual', 'auto') not null default 'manual',
    created_at datetime not null,
    charge_status enum('new', 'process', 'ready', 'error') not null default 'new',
    amount_ready int unsigned not null,
    amount_total int unsigned not null,
    `from` date not null,
    `to` date not null,
    partners text not null,
    location int unsigned not null,
    payment int unsigned not null,
    status varchar(128) not null,
    invoice_type varchar(32) not null,
    customer_id varchar(128) not null,
    customer_status varchar(256) null default '',
    customer_labels varchar(256) null default '',
    number varchar(128) not null,
    external_handler varchar(256) not null,
    params text not null,
    filename_real varchar(256) not null,
    filename_download varchar(64) not null,
    extension varchar(12) not null,
    total decimal(19,4) not null,
    total_condition varchar(1) not null,
    primary key (id)
);

-- inferred: made by the add-on of a processor
create table payment_account (
    id int unsigned not null auto_increment,
    title varchar(128) not null,
    field_1 varchar(128) not null default '',
    field_2 varchar(128) not null default '',
    field_3 varchar(128) not null default '',
    field_4 varchar(128) not null default '',
    field_5 varchar(128) not null default '',
    field_6 varchar(128) not null default '',
    field_7 varchar(128) not null default '',
    field_8 varchar(128) not null default '',
    field_9 varchar(128) not null default '',
    field_10 varchar(128) not null default '',
    primary key (id)
);

-- inferred
create table payment_account_data (
    account_id int unsigned not null,
    customer_id int unsigned not null,
    field_1 varchar(512) not null default '',
    field_2 varchar(512) not null default '',
    field_3 varchar(512) not null default '',
    field_4 varchar(512) not null default '',
    field_5 varchar(512) not null default '',
    field_6 varchar(512) not null default '',
    field_7 varchar(512) not null default '',
    field_8 varchar(512) not null default '',
    field_9 varchar(512) not null default '',
    field_10 varchar(512) not null default '',
    primary key (account_id, customer_id)
);
