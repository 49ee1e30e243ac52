-- Two roles for a database in production: `pairing_owner` creates and changes the tables, and the site runs as `pairing`.
-- Someone who gets at the site's connection can then neither empty the audit record nor drop its guards. See README.
--
-- As a superuser, once:
--     CREATE ROLE pairing_owner LOGIN PASSWORD '...';
--     CREATE ROLE pairing LOGIN PASSWORD '...';
--     CREATE DATABASE pairing OWNER pairing_owner;
-- Then, and with every new version of the site, with DATABASE_URL naming pairing_owner:
--     manage.py migrate
--     psql "$DATABASE_URL" -f docs/database-roles.sql
-- The site is started with DATABASE_URL naming pairing.

GRANT USAGE ON SCHEMA public TO pairing;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO pairing;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO pairing;

-- The audit record can be added to and read, but not changed or emptied.
REVOKE UPDATE, DELETE, TRUNCATE ON accounts_auditevent FROM pairing;
-- Only the owner records migrations.
REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM pairing;
-- Imports empty the table they read rosters into.
GRANT TRUNCATE ON sis_staged TO pairing;

-- From PostgreSQL 17 on, imports may analyze the tables they have filled; before, autovacuum does it later.
DO $$ BEGIN
    IF current_setting('server_version_num')::int >= 170000 THEN
        EXECUTE 'GRANT MAINTAIN ON ALL TABLES IN SCHEMA public TO pairing';
        EXECUTE 'REVOKE MAINTAIN ON accounts_auditevent FROM pairing';
    END IF;
END $$;
