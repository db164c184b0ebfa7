-- Sites, networks, routers, customer equipment and monitoring.
--
-- observed: as recorded on a fresh instance; inferred: derived, and may be wrong. The engine, the
-- character set and composite keys are recorded nowhere and are our choice.

-- observed
create table nas_types (
    id int unsigned not null auto_increment,
    title varchar(64) not null,
    mikrotik_api enum('0', '1') not null default '0',
    deleted enum('0', '1') not null default '0',
    primary key (id),
    key deleted (deleted)
);

-- observed
create table routers (
    id int unsigned not null auto_increment,
    title varchar(64) not null,
    model varchar(128) not null,
    nas_type int unsigned not null,
    location_id int unsigned not null,
    address varchar(128) not null,
    gps_point varchar(256) null,
    gps text null,
    ip varchar(128) not null,
    radius_secret varchar(32) not null,
    nas_ip varchar(45) not null,
    authorization_method enum(
        'none', 'firewall_ip_mac_filter', 'dhcp_leases', 'ppp_dhcp_radius', 'ppp_secrets',
        'hotspot_users', 'hotspot_radius'
    ) not null default 'none',
    accounting_method enum('none', 'radius', 'netflow', 'mikrotik_api') not null default 'none',
    deleted enum('0', '1') not null default '0',
    updated_at datetime null default current_timestamp,
    primary key (id),
    key location_id (location_id),
    key nas_ip (nas_ip),
    key deleted (deleted)
);

-- observed
create table cpe (
    id int unsigned not null auto_increment,
    customer_id int unsigned not null,
    title varchar(128) not null,
    host varchar(128) not null,
    api_login varchar(32) not null,
    api_password varchar(512) not null,
    api_port int unsigned not null default '8728',
    status enum('unknown', 'error_connection', 'api_error', 'api_ok') not null,
    gps varchar(256) null,
    is_changed enum('0', '1') not null,
    change_status enum('0', '1') not null default '1',
    last_status datetime not null,
    last_update datetime not null,
    last_connect datetime not null,
    type varchar(128) not null,
    `signal` varchar(128) not null,
    is_used enum('0', '1') not null,
    used_date_time datetime not null,
    cpe_status text not null,
    cpe_interfaces text not null,
    cpe_wireless text not null,
    cpe_wireless_interfaces text not null,
    connection_error int not null,
    service_id int unsigned not null,
    qos enum('0', '1') not null default '1',
    qos_target varchar(128) not null,
    deleted enum('0', '1') not null,
    primary key (id),
    key customer_id (customer_id),
    key is_changed (is_changed),
    key last_status (last_status),
    key is_used (is_used),
    key connection_error (connection_error),
    key deleted (deleted),
    foreign key (customer_id) references customers (id)
);

-- observed
create table monitoring (
    id int unsigned not null auto_increment,
    parent_id int unsigned not null default '0',
    title varchar(64) not null,
    network_site_id int null default '0',
    producer int unsigned not null,
    model varchar(64) not null,
    ip varchar(64) not null,
    snmp_port int not null default '161',
    snmp_community varchar(64) not null default 'public',
    snmp_version enum('1', '2') not null default '2',
    snmp_time int unsigned not null,
    snmp_uptime int unsigned not null,
    snmp_status tinyint unsigned not null default '9',
    snmp_status_1 tinyint unsigned not null default '9',
    snmp_status_2 tinyint unsigned not null default '9',
    snmp_status_3 tinyint unsigned not null default '9',
    snmp_status_4 tinyint unsigned not null default '9',
    snmp_status_5 tinyint unsigned not null default '9',
    snmp_state enum('up', 'down') not null,
    type int unsigned not null,
    monitoring_group int unsigned not null,
    location_id int unsigned not null,
    address varchar(256) not null,
    gps varchar(256) null,
    gps_area text null,
    deleted enum('1', '0') not null default '0',
    active enum('1', '0') not null default '1',
    send_notifications enum('1', '0') not null default '0',
    delay_timer int null,
    is_ping enum('0', '1') not null default '1',
    ping_0 tinyint unsigned not null default '9',
    ping_1 tinyint unsigned not null default '9',
    ping_2 tinyint unsigned not null default '9',
    ping_3 tinyint unsigned not null default '9',
    ping_4 tinyint unsigned not null default '9',
    ping_5 tinyint unsigned not null default '9',
    ping_time int unsigned not null,
    ping_state enum('up', 'down') not null,
    access_device tinyint(1) not null default '0',
    updated_at datetime null default current_timestamp,
    primary key (id),
    key parent_id (parent_id),
    key title (title),
    key ip (ip),
    key snmp_status (snmp_status),
    key type (type),
    key location_id (location_id),
    key deleted (deleted),
    key ping_0 (ping_0)
);

-- observed
create table monitoring_oid (
    id int unsigned not null auto_increment,
    monitoring_id int unsigned not null,
    title varchar(64) not null,
    oid varchar(64) not null,
    active enum('0', '1') not null default '1',
    check_every enum('1', '5', '10', '15', '30', '60') not null default '1',
    result_0 varchar(256) not null,
    result_1 varchar(256) not null,
    result_2 varchar(256) not null,
    result_3 varchar(256) not null,
    result_4 varchar(256) not null,
    result_5 varchar(256) not null,
    last_check int unsigned not null,
    rrd_dst enum('NONE', 'COUNTER', 'DERIVE', 'ABSOLUTE', 'GAUGE') not null default 'NONE',
    deleted enum('0', '1') not null default '0',
    primary key (id),
    key monitoring_id (monitoring_id),
    key oid (oid),
    key deleted (deleted),
    foreign key (monitoring_id) references monitoring (id)
);

-- inferred
create table network_sites (
    id int unsigned not null auto_increment,
    title varchar(128) not null,
    description text null,
    address varchar(512) null,
    gps varchar(256) null,
    location_id int unsigned not null,
    deleted enum('0', '1') not null default '0',
    primary key (id),
    key deleted (deleted)
);

-- inferred
create table network_sites_fields (
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
create table network_sites_values (
    id int unsigned not null,
    name varchar(64) not null,
    value text not null,
    primary key (id, name)
);

-- inferred
create table network_sites_to_partners (
    network_site_id int unsigned not null,
    partner_id int unsigned not null,
    key network_site_id (network_site_id),
    key partner_id (partner_id)
);

-- inferred
create table network_site_contacts (
    id int unsigned not null auto_increment,
    network_site_id int unsigned not null,
    contact_name varchar(128) not null,
    email varchar(256) not null default '',
    comment text null,
    is_default enum('0', '1') not null default '0',
    primary key (id),
    key network_site_id (network_site_id)
);

-- inferred
create table ip_network_categories (
    id int unsigned not null auto_increment,
    title varchar(64) not null,
    deleted enum('0', '1') not null default '0',
    primary key (id)
);

-- inferred
create table ip_host_categories (
    id int unsigned not null auto_increment,
    title varchar(64) not null,
    deleted enum('0', '1') not null default '0',
    primary key (id)
);

-- inferred
create table ipv4_networks (
    id int unsigned not null auto_increment,
    network varchar(64) not null,
    mask int unsigned not null,
    title varchar(64) not null,
    comment varchar(256) not null default '',
    location_id int unsigned not null,
    network_category int unsigned not null,
    network_type enum('rootnet', 'endnet') not null default 'endnet',
    type_of_usage enum('pool', 'static', 'management') not null default 'management',
    allow_use_network_and_broadcast enum('0', '1') not null default '0',
    parent int unsigned not null default '0',
    rootnet int unsigned not null default '0',
    used int unsigned not null default '0',
    deleted enum('0', '1') not null default '0',
    primary key (id),
    key network (network),
    key deleted (deleted)
);

-- inferred
create table ipv4_networks_fields (
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
create table ipv4_networks_values (
    id int unsigned not null,
    name varchar(64) not null,
    value text not null,
    primary key (id, name)
);

-- inferred
create table ipv4_networks_ip (
    id int unsigned not null auto_increment,
    ipv4_networks_id int unsigned not null,
    ip varchar(64) not null,
    hostname varchar(128) not null default '',
    location_id int unsigned not null default '0',
    title varchar(128) not null default '',
    comment varchar(256) not null default '',
    host_category int unsigned not null default '0',
    is_used enum('0', '1') not null default '0',
    status tinyint unsigned not null default '9',
    last_check int unsigned not null default '0',
    customer_id int unsigned not null default '0',
    card_id int unsigned not null default '0',
    module varchar(64) not null default '',
    module_item_id int unsigned not null default '0',
    deleted enum('0', '1') not null default '0',
    primary key (id),
    key ipv4_networks_id (ipv4_networks_id),
    key ip (ip),
    key customer_id (customer_id),
    key deleted (deleted)
);

-- inferred
create table ipv6_networks (
    id int unsigned not null auto_increment,
    network varchar(64) not null,
    prefix int unsigned not null,
    title varchar(64) not null,
    comment varchar(256) not null default '',
    location_id int unsigned not null,
    network_category int unsigned not null,
    network_type enum('rootnet', 'endnet') not null default 'endnet',
    type_of_usage enum('pool', 'static', 'management') not null default 'static',
    parent int unsigned not null default '0',
    rootnet int unsigned not null default '0',
    used int unsigned not null default '0',
    deleted enum('0', '1') not null default '0',
    primary key (id),
    key network (network),
    key deleted (deleted)
);

-- inferred
create table ipv6_networks_ip (
    id int unsigned not null auto_increment,
    ipv6_networks_id int unsigned not null,
    ip varchar(64) not null,
    ip_end varchar(64) not null default '',
    prefix int unsigned not null,
    location_id int unsigned not null default '0',
    title varchar(128) not null default '',
    comment varchar(256) not null default '',
    host_category int unsigned not null default '0',
    is_used enum('0', '1') not null default '0',
    customer_id int unsigned not null default '0',
    service_id int unsigned not null default '0',
    card_id int unsigned not null default '0',
    module varchar(64) not null default '',
    module_item_id int unsigned not null default '0',
    deleted enum('0', '1') not null default '0',
    primary key (id),
    key ipv6_networks_id (ipv6_networks_id),
    key ip (ip)
);

-- inferred
create table routers_fields (
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
create table routers_values (
    id int unsigned not null,
    name varchar(64) not null,
    value text not null,
    primary key (id, name)
);

-- inferred
create table routers_to_partners (
    router_id int unsigned not null,
    partner_id int unsigned not null,
    key router_id (router_id),
    key partner_id (partner_id)
);

-- inferred
create table routers_sectors (
    id int unsigned not null auto_increment,
    router_id int unsigned not null,
    title varchar(64) not null,
    speed_down int unsigned not null,
    speed_up int unsigned not null,
    limit_at int unsigned not null,
    deleted enum('0', '1') not null default '0',
    primary key (id),
    key router_id (router_id),
    key deleted (deleted)
);

-- inferred
create table routers_to_ipv4_networks (
    router_id int unsigned not null,
    ipv4_network_id int unsigned not null,
    key router_id (router_id),
    key ipv4_network_id (ipv4_network_id)
);

-- inferred
create table monitoring_groups (
    id int unsigned not null auto_increment,
    title varchar(64) not null,
    primary key (id)
);

-- inferred
create table monitoring_producers (
    id int unsigned not null auto_increment,
    title varchar(64) not null,
    primary key (id)
);

-- inferred
create table monitoring_types (
    id int unsigned not null auto_increment,
    title varchar(64) not null,
    primary key (id)
);

-- inferred
create table monitoring_to_partners (
    monitoring_id int unsigned not null,
    partner_id int unsigned not null,
    key monitoring_id (monitoring_id),
    key partner_id (partner_id)
);

-- inferred
create table service_geo_data (
    service_id int unsigned not null,
    address varchar(512) null,
    marker varchar(256) null,
    key service_id (service_id)
);
