-- Staff, partners, locations, API keys, settings, files and logs.
--
-- observed: as recorded on a fresh instance; inferred: derived, and may be wrong. The engine, the
-- character set and composite keys are recorded nowhere and are our choice.

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

-- observed
create table admin_customer_search_fields (
    admin_id int unsigned not null,
    name varchar(64) not null,
    source enum('main', 'additional', 'info') not null,
    enabled enum('1', '0') not null,
    search_operator enum(
        '=', '!=', '>=', '<=', '>', '<', '<>', 'IS', 'REGEXP', 'LIKE', 'LIKE_OR', 'FIND_IN_SET',
        'IN', 'BETWEEN'
    ) null,
    primary key (admin_id, name, source),
    foreign key (admin_id) references admins (id)
);

-- observed
create table admin_onboarding (
    id int unsigned not null auto_increment,
    admin_id int unsigned not null,
    onboarding_tour varchar(64) null,
    primary key (id),
    key admin_id (admin_id),
    foreign key (admin_id) references admins (id)
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
create table locations_fields (
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
create table locations_values (
    id int unsigned not null,
    name varchar(64) not null,
    value text not null,
    primary key (id, name)
);

-- inferred
create table labels (
    id int unsigned not null auto_increment,
    module enum('ticket', 'scheduling_task', 'customers') not null,
    label varchar(64) not null,
    color varchar(16) not null,
    primary key (id)
);

-- observed
create table api (
    id int unsigned not null auto_increment,
    partner_id int unsigned not null,
    title varchar(128) not null,
    `key` varchar(32) not null,
    secret varchar(512) not null,
    unsecure_auth enum('0', '1') not null default '0',
    enable_logging enum('1', '0') not null default '0',
    check_nonce enum('1', '0') not null default '0',
    added_by_addon enum('1', '0') not null default '0',
    last_ip varchar(128) not null,
    last_dt datetime not null,
    last_nonce bigint unsigned not null,
    white_list varchar(1024) not null default '[]',
    usage_count bigint unsigned not null default '0',
    deleted enum('0', '1') not null default '0',
    primary key (id),
    key partner_id (partner_id),
    key deleted (deleted)
);

-- inferred: only the name is known; a row grants one action of one controller to one key
create table permissions_api_key (
    id int unsigned not null auto_increment,
    api_key_id int unsigned not null,
    controller varchar(128) not null,
    action varchar(64) not null,
    primary key (id),
    key api_key_id (api_key_id)
);

-- observed
create table config (
    module varchar(64) not null,
    path varchar(64) not null,
    `key` varchar(64) not null,
    type text null,
    value text not null,
    primary key (module, path, `key`)
);

-- observed
create table config_search (
    id int unsigned not null auto_increment,
    module varchar(64) not null default '',
    path varchar(64) not null default '',
    path_title varchar(128) not null default '',
    block_title varchar(128) not null default '',
    item_title varchar(128) not null default '',
    item_key varchar(256) not null default '',
    params text null,
    primary key (id),
    key module (module)
);

-- observed
create table oauth_accounts (
    id int unsigned not null auto_increment,
    server_name varchar(32) not null default '',
    app_name varchar(64) not null default '',
    status varchar(32) not null default 'new',
    access_token varchar(4096) not null,
    refresh_token varchar(4096) not null,
    date_added datetime not null,
    scopes text not null,
    expiration_time int unsigned not null default '0',
    redirect_code varchar(32) not null default '',
    error_message varchar(1024) null,
    deleted enum('0', '1') not null default '0',
    own_app enum('1', '0') not null default '0',
    primary key (id)
);

-- observed
create table background_tasks (
    id int unsigned not null auto_increment,
    pid int unsigned null,
    admin_id int unsigned null,
    model varchar(128) not null,
    arguments mediumtext null,
    status enum('new', 'process', 'ready', 'error') null default 'new',
    result_file varchar(256) null,
    progress int null default '0',
    deleted enum('0', '1') not null default '0',
    datetime_create datetime not null,
    datetime_update datetime not null,
    primary key (id),
    key admin_id (admin_id),
    key model (model),
    key status (status),
    foreign key (admin_id) references admins (id)
);

-- inferred
create table files_upload (
    id int unsigned not null auto_increment,
    hash_id varchar(64) not null,
    type varchar(64) not null,
    filename_original varchar(256) not null,
    filename_uploaded varchar(256) not null,
    deleted enum('0', '1') not null default '0',
    primary key (id),
    key hash_id (hash_id)
);

-- observed
create table logs_api (
    entry_id bigint unsigned not null auto_increment,
    date date not null,
    time time not null,
    api_key_id int unsigned not null,
    customer_id int unsigned not null,
    action varchar(64) not null,
    model varchar(128) not null,
    result enum('success', 'failed') not null default 'success',
    attributes text not null,
    attributes_additional text not null,
    changed_attributes text not null,
    labels text not null,
    extra text not null,
    ip varchar(128) not null,
    errors text null,
    attributes_large mediumtext not null,
    primary key (entry_id, date, time),
    key api_key_id (api_key_id),
    key customer_id (customer_id)
);
