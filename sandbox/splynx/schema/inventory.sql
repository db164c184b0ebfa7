-- Vendors, suppliers, products, stocks and items.
--
-- observed: as recorded on a fresh instance; inferred: derived, and may be wrong. The engine, the
-- character set and composite keys are recorded nowhere and are our choice.

-- inferred
create table inventory_vendors (
    id int unsigned not null auto_increment,
    name varchar(128) not null,
    deleted enum('0', '1') not null default '0',
    primary key (id),
    key deleted (deleted)
);

-- inferred
create table inventory_suppliers (
    id int unsigned not null auto_increment,
    name varchar(128) not null,
    address varchar(256) not null default '',
    contact_name varchar(128) not null default '',
    email varchar(128) not null default '',
    phone varchar(64) not null default '',
    tax_included enum('0', '1') not null default '0',
    deleted enum('0', '1') not null default '0',
    primary key (id),
    key deleted (deleted)
);

-- inferred
create table inventory_products_categories (
    id int unsigned not null auto_increment,
    title varchar(128) not null,
    deleted enum('0', '1') not null default '0',
    primary key (id)
);

-- inferred
create table inventory_products (
    id int unsigned not null auto_increment,
    name varchar(128) not null,
    vendor_id int unsigned not null,
    category_id int unsigned not null,
    rent_price decimal(19,4) not null default '0.0000',
    sold_price decimal(19,4) not null default '0.0000',
    filename_original varchar(256) not null default '',
    filename varchar(256) not null default '',
    deleted enum('0', '1') not null default '0',
    primary key (id),
    key deleted (deleted)
);

-- inferred
create table inventory_stocks (
    id int unsigned not null auto_increment,
    name varchar(128) not null,
    type int unsigned not null default '0',
    is_base enum('0', '1') not null default '0',
    deleted enum('0', '1') not null default '0',
    primary key (id)
);

-- inferred
create table inventory_supplier_invoices (
    id int unsigned not null auto_increment,
    supplier_id int unsigned not null,
    original_invoice_number varchar(64) not null default '',
    date date not null,
    filename_original varchar(256) not null default '',
    filename varchar(256) not null default '',
    deleted enum('0', '1') not null default '0',
    primary key (id),
    key supplier_id (supplier_id)
);

-- inferred
create table inventory_supplier_invoices_items (
    id int unsigned not null auto_increment,
    supplier_invoice_id int unsigned not null,
    product_id int unsigned not null,
    quantity int unsigned not null default '1',
    price decimal(19,4) not null,
    tax decimal(6,4) not null default '0.0000',
    deleted enum('0', '1') not null default '0',
    primary key (id),
    key supplier_invoice_id (supplier_invoice_id)
);

-- inferred
create table inventory_items (
    id int unsigned not null auto_increment,
    supplier_invoices_item_id int unsigned not null default '0',
    product_id int unsigned not null,
    barcode varchar(128) not null default '',
    serial_number varchar(128) not null default '',
    status enum(
        'stock', 'internal_usage', 'sold', 'rent', 'returned', 'assigned', 'in_transit'
    ) not null default 'stock',
    mark enum('new', 'used', 'broken') not null default 'new',
    customer_id int unsigned not null default '0',
    admin_id int unsigned not null default '0',
    service_id int unsigned not null default '0',
    invoice_id int unsigned not null default '0',
    transaction_id int unsigned not null default '0',
    cost_price decimal(19,4) not null default '0.0000',
    notes text null,
    stock_id int unsigned not null,
    task_id int unsigned not null default '0',
    filename_original varchar(256) not null default '',
    filename varchar(256) not null default '',
    deleted enum('0', '1') not null default '0',
    updated_at datetime null default current_timestamp,
    primary key (id),
    key product_id (product_id),
    key deleted (deleted)
);

-- inferred
create table inventory_items_fields (
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
create table inventory_items_values (
    id int unsigned not null,
    name varchar(64) not null,
    value text not null,
    primary key (id, name)
);
