-- What a fresh installation holds in the tables of schema.sql.

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

-- Two rows are observed, their names and rates are not.
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
