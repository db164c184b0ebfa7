-- What a fresh installation holds in the tables of schema/. Rows are recorded unless a comment says
-- inferred. A key of the API starts without rights, so there are no rows in permissions_api_key.

insert into roles (name, title, is_base) values
    ('super-administrator', 'Super administrator', '1'),
    ('administrator', 'Administrator', '1'),
    ('manager', 'Manager', '1'),
    ('financial-manager', 'Financial manager', '1'),
    ('customer-creator', 'Customer creator', '1'),
    ('engineer', 'Engineer', '1'),
    ('technician', 'Technician', '1');

-- Their number, role and partner are observed; the rest is inferred. Nobody can log in with these.
insert into admins (
    id, partner_id, role_name, router_access, login, name, email, password, otp_secret, last_ip,
    last_dt, photo_version
) values
    (1, 0, 'super-administrator', 'full', 'admin', 'Administrator', '', '', '', '',
        '0000-00-00 00:00:00', ''),
    (2, 0, 'super-administrator', 'full', 'system', 'System', '', '', '', '',
        '0000-00-00 00:00:00', '');

insert into partners (id, name) values (1, 'Main');

insert into locations (id, name) values (1, 'Main');

-- Two rows are observed; their names and rates are inferred.
insert into tax (id, name, rate, type, is_system) values
    (1, 'No tax', 0, 'single', '1'),
    (2, 'Tax', 10, 'single', '0');

insert into payments_types (id, name, name_1, name_2) values
    (1, 'Cash', 'Payer', ''),
    (2, 'Bank transfer', 'Account', 'Transaction ID'),
    (3, 'Credit card', 'Number', 'Transaction ID'),
    (5, 'Other', '', ''),
    (6, 'Refill card', 'Card', '');

insert into billing_transactions_categories (id, name, is_base) values
    (1, 'Service', '1'),
    (2, 'Discount', '1'),
    (3, 'Payment', '1'),
    (4, 'Refund', '1'),
    (5, 'Correction', '1');

-- Recorded: the titles of 1, 3, 4 and 5. Inferred: the title of 2, colours, marks and icons.
insert into ticket_statuses (
    id, title_for_agent, title_for_customer, label, mark, icon, view_on_dashboard
) values
    (1, 'New', 'New', 'danger', 'open,unresolved', 'fa-inbox', '1'),
    (2, 'Work in progress', 'Work in progress', 'info', 'open,unresolved', 'fa-cog', '1'),
    (3, 'Resolved', 'Resolved', 'success', 'closed', 'fa-check', '0'),
    (4, 'Waiting on customer', 'Waiting on customer', 'warning', 'open,unresolved', 'fa-user', '1'),
    (5, 'Waiting on agent', 'Waiting on agent', 'warning', 'open,unresolved', 'fa-headset', '1');

-- Seven rows are observed, and the titles of 1 to 3; the ids of 4 and 5 and the titles of 6 and 7
-- are inferred.
insert into ticket_types (id, title) values
    (1, 'Question'),
    (2, 'Incident'),
    (3, 'Problem'),
    (4, 'Feature request'),
    (5, 'Lead'),
    (6, 'Type 6'),
    (7, 'Type 7');

-- The titles are recorded; their order is inferred.
insert into ticket_groups (id, title) values (1, 'IT'), (2, 'Finance'), (3, 'Sales');

-- One project is observed, and that items 2 and 3 stand for work in progress and done; the rest is
-- inferred.
insert into scheduling_project_type (id, title) values (1, 'Type 1');
insert into scheduling_project_category (id, title) values (1, 'Category 1');
insert into scheduling_workflow (id, title) values (1, 'Workflow 1');
insert into scheduling_workflow_items (id, workflow_id, title, position, stage) values
    (1, 1, 'New', 1, 'new'),
    (2, 1, 'In progress', 2, 'in_progress'),
    (3, 1, 'Done', 3, 'done');
insert into scheduling_project (
    id, title, description, type_id, category_id, workflow_id
) values (1, 'Project 1', '', 1, 1, 1);

-- Eight rows are observed, and the titles of 1 to 3; the other titles are inferred.
insert into nas_types (id, title, mikrotik_api) values
    (1, 'MikroTik', '1'),
    (2, 'Cisco', '0'),
    (3, 'Ericsson', '0'),
    (4, 'Type 4', '0'),
    (5, 'Type 5', '0'),
    (6, 'Type 6', '0'),
    (7, 'Type 7', '0'),
    (8, 'Type 8', '0');

-- Two rows are observed; their names and types are inferred. The base one cannot be removed.
insert into inventory_stocks (id, name, type, is_base) values
    (1, 'Main stock', 0, '1'),
    (2, 'Customer premises', 2, '0');

-- Inferred: that there are rows, their number and their names.
insert into inventory_products_categories (id, title) values (1, 'Category 1');
insert into ip_network_categories (id, title) values (1, 'Category 1'), (2, 'Category 2');
insert into ip_host_categories (id, title) values (1, 'Category 1'), (2, 'Category 2');
insert into monitoring_groups (id, title) values (1, 'Group 1');
insert into monitoring_producers (id, title) values (1, 'Producer 1');
insert into monitoring_types (id, title) values (1, 'Type 1');

-- Inferred: the patterns and switches are documented, the names under which they are stored are not.
-- The switches are as an operator leaves them for an import. The several hundred further settings of a
-- fresh installation are left out.
insert into config (module, path, `key`, type, value) values
    ('main', 'customers', 'login_pattern', 'string', '{customer_id|6}'),
    ('finance', 'invoices', 'number_pattern', 'string', '{year}{partner_id|2}{next|6}'),
    ('finance', 'payments', 'receipt_pattern', 'string', '{year}-{type|2}-{next|5}'),
    ('finance', 'requests', 'number_pattern', 'string', '{year}{next|6}'),
    ('finance', 'transaction_categories', 'service', 'integer', '1'),
    ('finance', 'transaction_categories', 'discount', 'integer', '2'),
    ('finance', 'transaction_categories', 'payment', 'integer', '3'),
    ('finance', 'transaction_categories', 'refund', 'integer', '4'),
    ('finance', 'transaction_categories', 'correction', 'integer', '5'),
    ('main', 'system', 'stealth_mode', 'boolean', '1'),
    ('finance', 'automation', 'process_billing_due', 'boolean', '0'),
    ('finance', 'automation', 'process_deactivation', 'boolean', '0'),
    ('finance', 'automation', 'process_prepaid_deactivation', 'boolean', '0'),
    ('finance', 'automation', 'block_by_one_time_invoices', 'boolean', '0'),
    ('finance', 'automation', 'auto_issue', 'boolean', '0'),
    ('finance', 'automation', 'reminders', 'boolean', '0'),
    ('finance', 'payments', 'auto_pairing', 'boolean', '0'),
    ('networking', 'radius', 'allow_negative_balance', 'boolean', '1');
