-- The database and its two roles, once, on the primary:
--     psql -h DATABASE1 -U postgres -v owner=PASSWORD -v site=PASSWORD -f deploy/patroni/database.sql
-- What the second role may do, docs/database-roles.sql says after each migration.
\set ON_ERROR_STOP on
CREATE ROLE pairing_owner LOGIN PASSWORD :'owner';
CREATE ROLE pairing LOGIN PASSWORD :'site';
CREATE DATABASE pairing OWNER pairing_owner;
