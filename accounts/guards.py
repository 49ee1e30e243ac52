"""What must always hold in the accounts tables and Django cannot declare: SQL for the initial migration."""

from accounts.advisory_locks import AdvisoryLock

HELD_TREE = f"""
CREATE FUNCTION accounts_hold_tree() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock({AdvisoryLock.TREE}, 0);
    RETURN NULL;
END $$;
CREATE TRIGGER account_tree_is_held BEFORE INSERT OR UPDATE OF parent_id, ancestors ON accounts_account
    FOR EACH STATEMENT EXECUTE FUNCTION accounts_hold_tree();
"""

# Each account keeps the ids of those above it (`ancestors`, the root first), whoever writes what. One after the other:
# of two that move at once, each above the other's new home, neither would see that they make a loop, and an account
# made below one that is being moved would keep the ancestors it had. Only here is the tree walked step by step: while
# a statement moves several accounts, `parent_id` is what can be relied on.
ACCOUNT_TREE = """
CREATE FUNCTION accounts_find_ancestors() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    WITH RECURSIVE above(id, parent_id, depth) AS (
        SELECT id, parent_id, 1 FROM accounts_account WHERE id = NEW.parent_id
        UNION ALL
        SELECT a.id, a.parent_id, depth + 1 FROM accounts_account a JOIN above ON a.id = above.parent_id
        WHERE above.id <> NEW.id
    )
    SELECT coalesce(array_agg(id ORDER BY depth DESC), '{}') INTO NEW.ancestors FROM above;
    IF NEW.id = ANY(NEW.ancestors) THEN
        RAISE EXCEPTION 'account % would be its own ancestor', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'account_tree_has_no_loops';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION accounts_move_all_below() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Whatever is written here, each of them finds its ancestors anew.
    UPDATE accounts_account SET ancestors = '{}' WHERE ancestors @> ARRAY[NEW.id];
    RETURN NULL;
END $$;
CREATE TRIGGER account_tree_has_no_loops BEFORE INSERT OR UPDATE OF parent_id, ancestors ON accounts_account
    FOR EACH ROW EXECUTE FUNCTION accounts_find_ancestors();
CREATE TRIGGER account_moves_with_all_below AFTER UPDATE OF parent_id ON accounts_account
    FOR EACH ROW WHEN (OLD.parent_id IS DISTINCT FROM NEW.parent_id) EXECUTE FUNCTION accounts_move_all_below();
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

SQL = HELD_TREE + ACCOUNT_TREE + AUDIT_IS_APPEND_ONLY

REVERSE = """
DROP TRIGGER audit_is_not_emptied ON accounts_auditevent;
DROP TRIGGER audit_is_append_only ON accounts_auditevent;
DROP FUNCTION accounts_refuse_change();
DROP TRIGGER account_moves_with_all_below ON accounts_account;
DROP TRIGGER account_tree_has_no_loops ON accounts_account;
DROP TRIGGER account_tree_is_held ON accounts_account;
DROP FUNCTION accounts_move_all_below();
DROP FUNCTION accounts_find_ancestors();
DROP FUNCTION accounts_hold_tree();
"""
