-- Rows that staff of a Splynx in use have entered, on top of a fresh installation; see prefilled.py.
-- A zero date stands for "never".

insert into partners (id, name) values (2, 'Second');

insert into locations (id, name) values (2, 'North');

insert into admins (
    id, partner_id, role_name, login, name, email, password, otp_secret, last_ip, last_dt,
    photo_version
) values (3, 1, 'financial-manager', 'finance', '', '', '', '', '', '0000-00-00 00:00:00', '');

-- Plan 9 was deleted.
insert into tariffs_internet (
    id, title, service_name, price, deleted, tariffs_for_change, speed_download, speed_upload,
    vat_percent, tax_id
)
with plan (id, title, price, deleted) as (values
    (1, 'Home 50', 40, '0'),
    (2, 'Home 100', 50, '0'),
    (3, 'Business 200', 60, '0'),
    (9, 'Home 5', 120, '1')
)
select id, title, title, price, deleted, '', 51200, 10240, 10, 2 from plan;

insert into tariffs_internet_to_partners (tariff_id, partner_id)
select id, 1 from tariffs_internet;

insert into tariffs_internet_to_billing_types (tariff_id, billing_type)
select id, 'recurring' from tariffs_internet;

-- 12 was deleted and keeps its login; 20 is a sub account of 1; 1 and 900 share an e-mail address;
-- 900 lifts the counter of ids; staff changed 1 after it was made.
insert into customers (
    id, login, status, category, parent_id, location_id, email, deleted, last_update,
    billing_type, partner_id, added_by_id, password, name, phone, street_1, zip_code, city,
    date_add, last_online, daily_prepaid_cost
)
with customer (id, login, status, category, parent_id, location_id, email, deleted, last_update)
as (values
    (1, '000001', 'active', 'person', 0, 1, 'one@isp.example', '0', '2026-02-03 10:00:00'),
    (2, '000002', 'blocked', 'person', 0, 1, 'two@isp.example', '0', '2026-01-05 08:00:00'),
    (3, '000003', 'active', 'person', 0, 1, 'three@isp.example', '0', '2026-01-05 08:00:00'),
    (4, '5', 'active', 'person', 0, 1, '', '0', '2026-01-05 08:00:00'),
    (12, '000012', 'disabled', 'person', 0, 1, '', '1', '2026-03-31 08:00:00'),
    (18, '000018', 'new', 'lead', 0, 1, '', '0', '2026-01-05 08:00:00'),
    (20, '000020', 'active', 'company', 1, 1, '', '0', '2026-01-05 08:00:00'),
    (900, '000900', 'active', 'person', 0, 2, 'one@isp.example', '0', '2026-01-05 08:00:00')
)
select
    id, login, status, category, parent_id, location_id, email, deleted, last_update,
    'recurring', 1, 3, '', concat('Customer ', id, ' of before'), '+1 555 0100',
    concat(id, ' Main Street'), '00000', 'Springfield', '2026-01-05', '0000-00-00 00:00:00', 0
from customer;

insert into customer_info (customer_id, birthday, passport, company_id, vat_id)
select id, '', '', '', '' from customers;

insert into customer_cap (customer_id) select id from customers;

insert into customer_billing (customer_id, request_auto_next, blocking_date)
select id, '0000-00-00', '0000-00-00' from customers;

insert into customers_fields (name, module, title, select_values)
values ('meter', 'customers', 'Meter', '');

insert into customers_values (id, name, value) values (1, 'meter', 'M-1'), (900, 'meter', 'M-900');

insert into customer_notes (
    customer_id, datetime, administrator_id, class, name, comment, `values`, assigned_to
) values
    (1, '2026-02-03 10:00:00', 3, 'info', '', 'Phone corrected', '', 0),
    (2, '2026-02-03 10:00:00', 3, 'info', '', 'Promised to pay', '', 0);

-- Staff overrode the price of 2.
insert into services_internet (
    id, customer_id, tariff_id, login, unit_price, status, ipv4, end_date,
    parent_id, bundle_service_id, router_id, sector_id, password, taking_ipv4, ipv4_route,
    ipv4_pool_id, ipv6, ipv6_delegated, ipv6_pool_id, mac, port_id, description, quantity, unit,
    start_date, status_new, discount_start_date, discount_end_date, discount_text, old_end_date
)
with service (id, customer_id, tariff_id, login, unit_price, status, ipv4, end_date) as (values
    (1, 1, 1, '000001_1', 40, 'active', '192.0.2.1', '0000-00-00'),
    (2, 2, 2, '000002_1', 35, 'active', '192.0.2.2', '0000-00-00'),
    (3, 3, 2, '000003_1', 50, 'stopped', '192.0.2.3', '0000-00-00'),
    (12, 20, 3, '000020_1', 60, 'active', '192.0.2.12', '0000-00-00'),
    (700, 900, 9, '000900_1', 120, 'disabled', '192.0.2.70', '2026-03-31')
)
select
    id, customer_id, tariff_id, login, unit_price, status, ipv4, end_date,
    0, 0, 0, 0, '', '1', '', 0, '', '', 0, '', '', concat('Internet ', id), 1, '',
    '2026-01-05', '', '0000-00-00', '0000-00-00', '', '0000-00-00'
from service;

-- Invoice 1 is paid, 2 is open, 3 is half paid.
insert into invoices (
    id, customer_id, number, total, due, status, date_payment, payment_id,
    date_created, real_create_datetime, date_updated, date_till, note, memo, added_by, type
)
with invoice (id, customer_id, number, total, due, status, date_payment, payment_id) as (values
    (1, 1, '202601000001', 44.0, 0.0, 'paid', '2026-02-10', 1),
    (2, 2, '202601000002', 38.5, 38.5, 'not_paid', '0000-00-00', 0),
    (3, 20, '202601000003', 66.0, 33.0, 'not_paid', '0000-00-00', 0)
)
select
    id, customer_id, number, total, due, status, date_payment, payment_id,
    '2026-02-01', '2026-02-01 01:00:00', '2026-02-01', '2026-02-15', '', '', 'system', 'recurring'
from invoice;

insert into invoices_items (
    invoice_id, pos, description, quantity, unit, price, tax, tax_id, period_from, period_to,
    transaction_id
)
select id, 1, 'Internet', 1, '', total / 1.1, 10, 2, '2026-01-05', '2026-01-31', id from invoices;

-- Transactions have the ids of their invoices, then those of the payments.
insert into billing_transactions (
    id, customer_id, type, unit, price, total, remind_amount, tax_percent, tax_id, date, category,
    description, comment, period_from, period_to, service_type, invoice_id, invoiced_by_id
)
select
    id, customer_id, 'debit', '', total / 1.1, total, due, 10, 2, date_created, 1,
    'Internet', '', '2026-01-05', '2026-01-31', 'internet', id, id
from invoices;

insert into billing_transactions (
    id, customer_id, type, unit, price, total, remind_amount, tax_percent, tax_id, date, category,
    description, comment, period_from, period_to, service_type, payment_id
) values
    (4, 1, 'credit', '', 44, 44, 0, 0, 0, '2026-02-10', 3, 'Payment', '', '0000-00-00',
        '0000-00-00', 'internet', 1),
    (5, 20, 'credit', '', 33, 33, 0, 0, 0, '2026-02-10', 3, 'Payment', '', '0000-00-00',
        '0000-00-00', 'internet', 2);

insert into payments (
    id, customer_id, invoice_id, transaction_id, payment_type, receipt_number, date,
    real_create_datetime, amount, remind_amount, comment, field_1, field_2, field_3, field_4,
    field_5, note, memo, added_by, added_by_id
) values
    (1, 1, 1, 4, 1, '2026-01-00001', '2026-02-10', '2026-02-10 12:00:00', 44, 0, '',
        '', '', '', '', '', '', '', 'admin', 3),
    (2, 20, 3, 5, 1, '2026-01-00002', '2026-02-10', '2026-02-10 12:00:00', 33, 0, '',
        '', '', '', '', '', '', '', 'admin', 3);

insert into invoice_payers (customer_id, payer_id, type, invoice_id, amount)
select customer_id, id, 'payment', invoice_id, amount from payments;

update customer_billing set deposit = (
    select coalesce(sum(case type when 'credit' then total else -total end), 0)
    from billing_transactions
    where billing_transactions.customer_id = customer_billing.customer_id and deleted = '0'
);

-- Network 1 is one of the demo tenant's, with an address in use; router 1 has the address of one of
-- its devices; the barcode of item 1 is a MAC address of its equipment; stock 3 is named as one of its.
insert into network_sites (id, title, location_id) values (1, 'Old Mill', 1);

insert into network_sites_to_partners (network_site_id, partner_id) values (1, 1);

insert into ipv4_networks (
    id, network, mask, title, location_id, network_category, network_type, type_of_usage, used
) values
    (1, '10.64.0.0', 24, 'Before', 1, 1, 'endnet', 'static', 1),
    (2, '192.168.88.0', 30, 'Office', 1, 1, 'endnet', 'management', 0);

insert into ipv4_networks_ip (ipv4_networks_id, ip, is_used, customer_id, title) values
    (1, '10.64.0.10', '1', 1, 'Customer 1 of before'),
    (1, '10.64.0.11', '0', 0, ''),
    (2, '192.168.88.1', '0', 0, ''),
    (2, '192.168.88.2', '0', 0, '');

insert into routers (id, title, model, nas_type, location_id, address, ip, radius_secret, nas_ip)
values (1, 'Core', 'CCR', 1, 1, '', '172.31.255.10', '', '172.31.255.10');

insert into routers_to_partners (router_id, partner_id) values (1, 1);

insert into inventory_vendors (id, name) values (1, 'Cobalt Wireless');

insert into inventory_products (id, name, vendor_id, category_id) values (1, 'CR-5 Radio', 1, 1);

insert into inventory_stocks (id, name, type) values (3, 'Van 1', 6);

insert into inventory_items (id, product_id, barcode, serial_number, stock_id) values
    (1, 1, '02:5A:00:00:00:01', 'SN0000001', 1),
    (2, 1, 'A-2', '', 3);

-- Type 8, group 4 and project 2 are named as those of the demo tenant, in other letters; 7 has written
-- from the address of one of its unknown senders.
insert into ticket_types (id, title) values (8, 'SLOW SPEED'), (9, 'Sales call');

insert into ticket_groups (id, title, description) values (4, 'field operations', '');

insert into incoming_customer (id, email, name) values (7, 'Tips@Fernhollow.example', 'Tips');

insert into scheduling_project (
    id, title, description, type_id, category_id, workflow_id
) values (2, 'service call', '', 1, 1, 1);

insert into scheduling_project_to_partners (project_id, partner_id) values (2, 1);

insert into scheduling_task (
    id, title, description, partner_id, project_id, related_customer_id, created_at, updated_at,
    resolved_at, assigned_to, assignee, assinged_at, scheduled_from, scheduled_to,
    checklist_template_id, workflow_status_id
) values (1, 'Look at the mast', '', 1, 2, 1, '2026-02-03 11:00:00', '2026-02-03 11:00:00',
    '0000-00-00 00:00:00', 'assigned_to_administrator', 3, '2026-02-03 11:00:00',
    '0000-00-00 00:00:00', '0000-00-00 00:00:00', 0, 1);

insert into scheduling_task_comment (id, task_id, user_id, comment, created_at) values
    (1, 1, 3, 'Ladder is in van 1.', '2026-02-03 11:05:00');

insert into customer_documents (
    id, hash_id, added_by_id, customer_id, title, created_at, updated_at, description,
    filename_original, filename_uploaded, code
) values (1, 'b1946ac92492d2347c6235b4d2611184', 3, 1, 'Floor plan', '2026-02-03 12:00:00',
    '2026-02-03 12:00:00', '', 'plan.pdf', 'b1946ac9.pdf', '');

insert into ticket (
    id, customer_id, subject, status_id, closed, assign_to, reporter_type, source, group_id,
    type_id, incoming_customer_id, priority, unread_by_customer, unread_by_admin, created_at,
    updated_at, note
) values
    (1, 1, 'No connection', 3, '1', 3, 'customer', 'portal', 1, 1, 0, 'high', '0', '0',
        '2026-02-03 10:00:00', '2026-02-04 10:00:00', ''),
    (2, 2, 'A question about the bill', 1, '0', 0, 'customer', 'portal', 2, 1, 0, 'medium', '0',
        '1', '2026-02-05 10:00:00', '2026-02-05 10:00:00', '');

insert into ticket_messages (
    id, ticket_id, customer_id, admin_id, author_type, source, date, time, message
) values
    (1, 1, 1, 0, 'customer', 'portal', '2026-02-03', '10:00:00', 'Nothing works since noon.'),
    (2, 1, 0, 3, 'admin', 'administration', '2026-02-04', '10:00:00', 'Mended.'),
    (3, 2, 2, 0, 'customer', 'portal', '2026-02-05', '10:00:00', 'What is this charge?');
