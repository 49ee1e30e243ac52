"""What must always hold in the accounts tables and Django cannot declare: SQL for the initial migration."""

NO_LOOPS = """
CREATE FUNCTION accounts_refuse_loop() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        WITH RECURSIVE above(id, parent_id) AS (
            SELECT id, parent_id FROM accounts_account WHERE id = NEW.parent_id
            UNION
            SELECT a.id, a.parent_id FROM accounts_account a JOIN above ON a.id = above.parent_id
        )
        SELECT 1 FROM above WHERE id = NEW.id
    ) THEN
        RAISE EXCEPTION 'account % would be its own ancestor', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'account_tree_has_no_loops';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER account_tree_has_no_loops BEFORE INSERT OR UPDATE OF parent_id ON accounts_account
    FOR EACH ROW EXECUTE FUNCTION accounts_refuse_loop();
"""

AUDIT_IS_APPEND_ONLY = """
CREATE FUNCTION accounts_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit events cannot be changed or removed' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE ON accounts_auditevent
    FOR EACH ROW EXECUTE FUNCTION accounts_refuse_change();
CREATE TRIGGER audit_is_not_emptied BEFORE TRUNCATE ON accounts_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION accounts_refuse_change();
"""

SQL = NO_LOOPS + AUDIT_IS_APPEND_ONLY

REVERSE = """
DROP TRIGGER audit_is_not_emptied ON accounts_auditevent;
DROP TRIGGER audit_is_append_only ON accounts_auditevent;
DROP FUNCTION accounts_refuse_change();
DROP TRIGGER account_tree_has_no_loops ON accounts_account;
DROP FUNCTION accounts_refuse_loop();
"""
