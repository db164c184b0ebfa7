-- Tickets and calls.
--
-- observed: as recorded on a fresh instance; inferred: derived, and may be wrong. The engine, the
-- character set and composite keys are recorded nowhere and are our choice.

-- observed
create table ticket_types (
    id int unsigned not null auto_increment,
    title varchar(255) not null,
    background_color varchar(50) null,
    primary key (id)
);

-- inferred
create table ticket_groups (
    id int unsigned not null auto_increment,
    title varchar(255) not null,
    description text null,
    primary key (id)
);

-- inferred
create table ticket_statuses (
    id int unsigned not null auto_increment,
    title_for_agent varchar(64) not null,
    title_for_customer varchar(64) not null,
    label varchar(32) not null,
    mark varchar(64) not null,
    icon varchar(64) not null default '',
    view_on_dashboard enum('0', '1') not null default '0',
    primary key (id)
);

-- inferred
create table ticket_agent_to_group (
    group_id int unsigned not null,
    agent_id int unsigned not null,
    key group_id (group_id),
    key agent_id (agent_id)
);

-- inferred
create table incoming_customer (
    id int unsigned not null auto_increment,
    email varchar(256) not null,
    name varchar(256) not null,
    customer_id int unsigned not null default '0',
    primary key (id)
);

-- observed
create table ticket (
    id int unsigned not null auto_increment,
    reporter_id int unsigned not null default '0',
    reporter_type enum('none', 'api', 'admin', 'customer', 'incoming') null default 'none',
    source enum('api', 'administration', 'portal', 'incoming', 'widget') null,
    customer_id int unsigned not null,
    incoming_customer_id int unsigned not null,
    hidden enum('1', '0') not null default '0',
    assign_to int unsigned not null,
    group_id int unsigned null,
    status_id int unsigned not null,
    type_id int unsigned null,
    task_id int unsigned null,
    subject varchar(256) not null,
    priority varchar(128) not null,
    star enum('1', '0') not null default '0',
    unread_by_customer enum('1', '0') not null,
    unread_by_admin enum('1', '0') not null,
    closed enum('1', '0') not null default '0',
    trash enum('1', '0') not null default '0',
    shareable enum('0', '1') not null default '0',
    created_at datetime not null,
    updated_at datetime not null,
    deleted enum('1', '0') not null default '0',
    note text not null,
    related_account_id int not null default '0',
    related_account_type enum('none', 'main', 'sub') not null default 'none',
    hidden_from_related_account tinyint(1) not null default '0',
    unread_by_related_account tinyint(1) not null default '1',
    primary key (id),
    key customer_id (customer_id),
    key incoming_customer_id (incoming_customer_id),
    key group_id (group_id),
    key type_id (type_id),
    key task_id (task_id),
    key trash (trash),
    key created_at (created_at),
    key deleted (deleted),
    foreign key (task_id) references scheduling_task (id),
    foreign key (group_id) references ticket_groups (id),
    foreign key (type_id) references ticket_types (id)
);

-- inferred
create table ticket_messages (
    id int unsigned not null auto_increment,
    ticket_id int unsigned not null,
    customer_id int unsigned not null default '0',
    incoming_customer_id int unsigned not null default '0',
    admin_id int unsigned not null default '0',
    api_id int unsigned not null default '0',
    author_type enum('admin', 'customer', 'api', 'system') null,
    source enum('administration', 'api', 'portal', 'public_form', 'incoming') null,
    date date not null,
    time time not null,
    message longblob not null,
    message_type enum('message', 'note', 'change_ticket') not null default 'message',
    mail_to text null,
    mail_cc text null,
    mail_bcc text null,
    is_merged enum('0', '1') not null default '0',
    can_be_deleted enum('0', '1') not null default '1',
    hide_for_customer enum('0', '1') not null default '0',
    deleted enum('0', '1') not null default '0',
    updated_at datetime null default current_timestamp,
    primary key (id),
    key ticket_id (ticket_id),
    key deleted (deleted)
);

-- inferred
create table ticket_messages_to_files_upload (
    message_id int unsigned not null,
    file_id int unsigned not null,
    key message_id (message_id),
    key file_id (file_id)
);

-- inferred
create table ticket_labels (
    ticket_id int unsigned not null,
    label_id int unsigned not null,
    key ticket_id (ticket_id),
    key label_id (label_id)
);

-- inferred
create table ticket_watchers_to_admins (
    ticket_id int unsigned not null,
    admin_id int unsigned not null,
    key ticket_id (ticket_id),
    key admin_id (admin_id)
);

-- inferred
create table ticket_fields (
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
create table ticket_values (
    id int unsigned not null,
    name varchar(64) not null,
    value text not null,
    primary key (id, name)
);

-- observed
create table calls (
    id int unsigned not null auto_increment,
    `from` varchar(32) not null,
    `to` varchar(32) not null,
    duration int unsigned not null,
    direction enum('incoming', 'outgoing') null,
    comment text null,
    recording_url text null,
    voice_file_url text null,
    ticket_id int unsigned null,
    client_id int unsigned null,
    agent_id int unsigned null,
    datetime datetime not null,
    added_by enum('system', 'api', 'admin') null,
    added_by_id int null,
    deleted enum('0', '1') not null default '0',
    primary key (id),
    key `from` (`from`),
    key `to` (`to`)
);
