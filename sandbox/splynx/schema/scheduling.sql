-- Projects, workflows, tasks and what is written about them.
--
-- observed: as recorded on a fresh instance; inferred: derived, and may be wrong. The engine, the
-- character set and composite keys are recorded nowhere and are our choice.

-- inferred
create table scheduling_project_type (
    id int unsigned not null auto_increment,
    title varchar(64) not null,
    `delete` enum('0', '1') not null default '1',
    primary key (id)
);

-- inferred
create table scheduling_project_category (
    id int unsigned not null auto_increment,
    title varchar(64) not null,
    `delete` enum('0', '1') not null default '1',
    primary key (id)
);

-- inferred
create table scheduling_workflow (
    id int unsigned not null auto_increment,
    title varchar(64) not null,
    `delete` enum('0', '1') not null default '1',
    primary key (id)
);

-- inferred
create table scheduling_workflow_items (
    id int unsigned not null auto_increment,
    workflow_id int unsigned not null,
    title varchar(64) not null,
    position int unsigned not null,
    stage enum('new', 'in_progress', 'done') not null default 'new',
    `delete` enum('0', '1') not null default '1',
    primary key (id),
    key workflow_id (workflow_id)
);

-- inferred
create table scheduling_project (
    id int unsigned not null auto_increment,
    title varchar(250) not null,
    description text not null,
    type_id int unsigned not null,
    lead_id int unsigned not null default '0',
    category_id int unsigned not null,
    workflow_id int unsigned not null,
    is_archive enum('0', '1') not null default '0',
    deleted enum('0', '1') not null default '0',
    primary key (id),
    key deleted (deleted)
);

-- inferred
create table scheduling_project_to_partners (
    project_id int unsigned not null,
    partner_id int unsigned not null,
    key project_id (project_id),
    key partner_id (partner_id)
);

-- observed
create table scheduling_task (
    id int unsigned not null auto_increment,
    title varchar(250) not null,
    description text not null,
    partner_id int null,
    reporter_id int unsigned null default '0',
    related_to_id int unsigned null,
    parent_task_id int unsigned null,
    project_id int not null,
    location_id int not null default '0',
    related_customer_id int unsigned null,
    related_service_id int unsigned null default '0',
    created_at datetime not null,
    updated_at datetime not null,
    resolved_at datetime not null,
    assigned_to enum(
        'assigned_to_anyone', 'assigned_to_administrator', 'assigned_to_team'
    ) not null default 'assigned_to_anyone',
    assignee int unsigned not null,
    assinged_at datetime not null,
    priority enum(
        'priority_low', 'priority_medium', 'priority_high'
    ) not null default 'priority_medium',
    is_scheduled enum('0', '1') not null default '0',
    scheduled_from datetime not null,
    scheduled_to datetime not null,
    travel_time_to mediumint not null default '0',
    travel_time_from mediumint not null default '0',
    checklist_template_id int unsigned not null,
    closed enum('1', '0') not null default '0',
    deleted enum('0', '1') not null default '0',
    workflow_status_id int unsigned not null,
    is_archived enum('0', '1') not null default '0',
    address varchar(512) null,
    gps varchar(512) null,
    notification_send_interval int unsigned not null default '0',
    notification_enabled enum('0', '1') not null default '1',
    last_status_changed datetime null,
    primary key (id),
    key assigned_to (assigned_to),
    key deleted (deleted),
    key notification_enabled (notification_enabled)
);

-- inferred
create table scheduling_task_comment (
    id int unsigned not null auto_increment,
    task_id int unsigned not null,
    user_id int unsigned not null,
    comment text not null,
    created_at datetime not null,
    is_edited enum('0', '1') not null default '0',
    is_pinned enum('0', '1') not null default '0',
    deleted enum('0', '1') not null default '0',
    primary key (id),
    key task_id (task_id)
);

-- inferred
create table scheduling_task_worklog (
    id int unsigned not null auto_increment,
    task_id int unsigned not null,
    user_id int unsigned not null,
    created_at datetime not null,
    started_at datetime not null,
    stopped_at datetime not null,
    is_manual enum('0', '1') not null default '0',
    time_spent int unsigned not null,
    description text not null,
    deleted enum('0', '1') not null default '0',
    primary key (id),
    key task_id (task_id)
);

-- inferred
create table scheduling_task_watchers_to_admins (
    task_id int unsigned not null,
    admin_id int unsigned not null,
    key task_id (task_id),
    key admin_id (admin_id)
);

-- inferred
create table scheduling_task_labels (
    task_id int unsigned not null,
    label_id int unsigned not null,
    key task_id (task_id),
    key label_id (label_id)
);

-- inferred
create table scheduling_task_attachment (
    task_id int unsigned not null,
    comment_id int unsigned null,
    file_id int unsigned not null,
    key task_id (task_id),
    key file_id (file_id)
);

-- inferred
create table scheduling_task_comment_to_files_upload (
    comment_id int unsigned not null,
    file_id int unsigned not null,
    key comment_id (comment_id),
    key file_id (file_id)
);

-- inferred
create table scheduling_task_fields (
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
create table scheduling_task_values (
    id int unsigned not null,
    name varchar(64) not null,
    value text not null,
    primary key (id, name)
);
