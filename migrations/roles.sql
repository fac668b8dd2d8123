-- The three roles, made once per cluster by a superuser before the first migration. Not a migration: it has no number.
--
-- hyvve_owner   owns the schema and migrates it; nothing serves requests as it.
-- hyvve_app     serves requests inside one tenant at a time; forced Row-Level Security, no grant on credentials.
-- hyvve_system  sign-in, claims, relays and purges; explicit policies on exactly the tables that it needs.
--
-- None of them is a superuser, none can bypass Row-Level Security, and neither of the last two owns anything.
-- Passwords are set by whoever runs this: ALTER ROLE hyvve_app PASSWORD '…'.
DO $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'hyvve_owner') THEN
    CREATE ROLE hyvve_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
  END IF;
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'hyvve_app') THEN
    CREATE ROLE hyvve_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
  END IF;
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'hyvve_system') THEN
    CREATE ROLE hyvve_system LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
  END IF;
EXCEPTION WHEN unique_violation OR duplicate_object THEN
  NULL; -- another process made them at the same moment
END
$$;
