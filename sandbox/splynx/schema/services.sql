-- Services of customers.
--
-- observed: as recorded on a fresh instance; inferred: derived, and may be wrong. The engine, the
-- character set and composite keys are recorded nowhere and are our choice.

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

-- inferred
create table services_internet_fields (
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
create table services_internet_values (
    id int unsigned not null,
    name varchar(64) not null,
    value text not null,
    primary key (id, name)
);

-- observed
create table services_voice (
    id int unsigned not null auto_increment,
    parent_id int unsigned not null,
    customer_id int unsigned not null,
    tariff_id int unsigned not null,
    bundle_service_id int unsigned not null,
    voice_device_id int unsigned not null,
    direction enum('incoming', 'outgoing') not null default 'outgoing',
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
        '-1', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12', '13', '14',
        '15', '16', '17', '18', '19', '20', '21', '22', '23', '24', '25', '26', '27', '28',
        '29', '30', '31', '32', '33', '34', '35', '36', '37', '38', '39', '40', '41', '42',
        '43', '44', '45', '46', '47', '48', '49', '50', '51', '52', '53', '54', '55', '56',
        '57', '58', '59', '60', '61', '62', '63', '64', '65', '66', '67', '68', '69', '70',
        '71', '72', '73', '74', '75', '76', '77', '78', '79', '80', '81', '82', '83', '84',
        '85', '86', '87', '88', '89', '90', '91', '92', '93', '94', '95', '96', '97', '98', '99'
    ) not null default '-1',
    updated_at datetime null default current_timestamp,
    old_end_date date not null,
    on_approve enum('1', '0') not null default '0',
    primary key (id),
    key customer_id (customer_id),
    key status (status),
    key deleted (deleted),
    foreign key (customer_id) references customers (id)
);

-- inferred
create table services_voice_fields (
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
create table services_voice_values (
    id int unsigned not null,
    name varchar(64) not null,
    value text not null,
    primary key (id, name)
);

-- inferred
create table services_custom (
    id int unsigned not null auto_increment,
    parent_id int unsigned not null,
    customer_id int unsigned not null,
    tariff_id int unsigned not null,
    bundle_service_id int unsigned not null,
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
    key status (status),
    key deleted (deleted),
    -- inferred: a sibling table has this foreign key
    foreign key (customer_id) references customers (id)
);

-- inferred
create table services_custom_fields (
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
create table services_custom_values (
    id int unsigned not null,
    name varchar(64) not null,
    value text not null,
    primary key (id, name)
);

-- observed
create table services_bundle (
    id int unsigned not null auto_increment,
    parent_id int unsigned not null,
    customer_id int unsigned not null,
    bundle_id int unsigned not null,
    description varchar(512) not null,
    unit_price decimal(19,4) not null,
    start_date date not null,
    end_date date not null,
    automatic_renewal enum('1', '0') not null default '0',
    auto_reactivate enum('1', '0') not null default '0',
    activation_fee decimal(19,4) not null,
    get_activation_fee_when enum('create_service', 'first_service_billing') not null,
    issue_invoice_while_service_creation enum('0', '1') not null default '0',
    activation_fee_transaction_id int unsigned not null,
    cancellation_fee decimal(19,4) not null,
    cancellation_fee_transaction_id int unsigned null,
    prior_cancellation_fee decimal(19,4) not null,
    prior_cancellation_fee_transaction_id int unsigned not null,
    discount enum('1', '0') not null default '0',
    discount_value decimal(19,4) null,
    discount_type enum('percent', 'fixed') not null default 'percent',
    discount_start_date date not null,
    discount_end_date date not null,
    discount_text varchar(512) not null,
    status varchar(64) not null,
    deleted enum('0', '1') not null default '0',
    period enum(
        '-1', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12', '13', '14',
        '15', '16', '17', '18', '19', '20', '21', '22', '23', '24', '25', '26', '27', '28',
        '29', '30', '31', '32', '33', '34', '35', '36', '37', '38', '39', '40', '41', '42',
        '43', '44', '45', '46', '47', '48', '49', '50', '51', '52', '53', '54', '55', '56',
        '57', '58', '59', '60', '61', '62', '63', '64', '65', '66', '67', '68', '69', '70',
        '71', '72', '73', '74', '75', '76', '77', '78', '79', '80', '81', '82', '83', '84',
        '85', '86', '87', '88', '89', '90', '91', '92', '93', '94', '95', '96', '97', '98', '99'
    ) not null default '-1',
    updated_at datetime null default current_timestamp,
    on_approve enum('1', '0') not null default '0',
    primary key (id),
    key customer_id (customer_id),
    key activation_fee_transaction_id (activation_fee_transaction_id),
    key status (status),
    key deleted (deleted),
    foreign key (customer_id) references customers (id)
);

-- inferred
create table service_additional_discount (
    id int unsigned not null auto_increment,
    service_type enum('internet', 'voice', 'custom', 'bundle') not null,
    service_id int unsigned not null,
    enabled enum('0', '1') not null default '1',
    percent decimal(6,4) not null,
    start_date date not null,
    end_date date not null,
    message varchar(512) not null default '',
    deleted enum('0', '1') not null default '0',
    primary key (id),
    key service_id (service_id)
);

-- observed
create table logs_services (
    id bigint unsigned not null auto_increment,
    customer_id int unsigned not null,
    service_id int unsigned not null,
    old_status varchar(32) null,
    new_status varchar(32) null,
    date date not null,
    time time not null,
    tariff_type varchar(32) null,
    old_tariff int unsigned null,
    new_tariff int unsigned null,
    administrator_id int unsigned null,
    deleted enum('0', '1') not null default '0',
    primary key (id),
    key customer_id (customer_id),
    key deleted (deleted)
);

-- observed
create table logs_cap (
    id int unsigned not null auto_increment,
    service_id int not null,
    date_time datetime not null,
    action varchar(64) not null default '',
    status enum('success', 'failed') not null default 'success',
    amount bigint unsigned not null,
    total_amount bigint unsigned not null,
    extra text not null,
    primary key (id)
);

-- observed
create table error_session (
    id int unsigned not null auto_increment,
    service_id int unsigned not null,
    error tinyint unsigned not null,
    date date not null,
    last_time time not null,
    `repeat` int not null,
    primary key (id),
    key service_id (service_id)
);

-- observed
create table cdr_errors (
    id int unsigned not null auto_increment,
    import_id int unsigned not null,
    voice_type enum('call', 'message', 'data') not null default 'call',
    error_type enum('warning', 'error') not null default 'error',
    source varchar(48) not null default '',
    destination varchar(48) null default '',
    datetime datetime not null,
    data text not null,
    errors text not null,
    primary key (id),
    key import_id (import_id)
);
