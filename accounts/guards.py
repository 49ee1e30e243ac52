"""Invariants of the accounts tables that Django cannot declare: SQL for the initial migration."""

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

# Triggers, because privileges do not bind the owner of the table. TRUNCATE needs a trigger of its own.
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

# What a transaction sets once it holds its place in the order of events.
EVENTS_HELD = "accounts.events_held"

# Ids are given when events are written, and transactions commit in another order: whoever reads up to the last id that
# is there would pass over those of a transaction that commits later. So before the first id is drawn, each statement
# that writes events takes a shared lock, which waits for nobody, named by the next id; all that it writes come after.
# Below the least id so locked nothing can appear any more. The locks end with their transactions, not before what
# these have done can be seen. One is enough for a transaction, for all later ids are larger; a roster writes events
# with thousands of statements. Ids alone do: the numbers of transactions are others once a backup is restored.
EVENTS_SETTLE_IN_ORDER = f"""
CREATE FUNCTION accounts_next_event() RETURNS bigint LANGUAGE sql AS $$
    SELECT coalesce(pg_sequence_last_value('accounts_auditevent_id_seq'), 0) + 1
$$;
CREATE FUNCTION accounts_hold_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Rolled back to a savepoint, the lock and the setting are gone together.
    IF coalesce(current_setting('{EVENTS_HELD}', true), '') = '' THEN
        PERFORM pg_advisory_xact_lock_shared(({AdvisoryLock.EVENTS}::bigint << 48) + accounts_next_event());
        PERFORM set_config('{EVENTS_HELD}', 'yes', true);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER events_settle_in_order BEFORE INSERT ON accounts_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION accounts_hold_events();
CREATE FUNCTION accounts_first_unsettled_event() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    -- Looked up first: whoever draws an id below it has their lock by now, and shows below or is done.
    next_id bigint := accounts_next_event();
BEGIN
    RETURN least(next_id, (
        SELECT min(((classid::bigint & 65535) << 32) + objid::bigint) FROM pg_locks
        WHERE locktype = 'advisory' AND objsubid = 1 AND classid::bigint >> 16 = {AdvisoryLock.EVENTS}
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    ));
END $$;
"""  # noqa: S608 built from constants

# New people are looked at as a set, for imports make many at once. The complaint is that of the column (see
# accounts/domain/validation.py).
SIS_ID_IS_ONE_PERSONS = """
CREATE FUNCTION accounts_refuse_shared_id(shared text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF shared IS NOT NULL THEN
        RAISE EXCEPTION 'the SIS id % is already a further one of somebody else, or theirs', shared
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'accounts_user_sis_user_id_key';
    END IF;
END $$;
CREATE FUNCTION accounts_check_new_ids() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM accounts_furthersisid) THEN
        PERFORM accounts_refuse_shared_id(
            (SELECT min(given.sis_user_id) FROM given JOIN accounts_furthersisid AS further USING (sis_user_id)));
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION accounts_check_id() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM accounts_refuse_shared_id((SELECT further.sis_user_id FROM accounts_furthersisid AS further
                                       WHERE further.sis_user_id = NEW.sis_user_id AND further.user_id <> NEW.id));
    RETURN NULL;
END $$;
CREATE FUNCTION accounts_check_further_id() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM accounts_refuse_shared_id((SELECT person.sis_user_id FROM accounts_user AS person
                                       WHERE person.sis_user_id = NEW.sis_user_id AND person.id <> NEW.user_id));
    RETURN NULL;
END $$;
CREATE TRIGGER new_ids_are_no_further_ones AFTER INSERT ON accounts_user
    REFERENCING NEW TABLE AS given FOR EACH STATEMENT EXECUTE FUNCTION accounts_check_new_ids();
CREATE TRIGGER id_is_no_further_one AFTER UPDATE OF sis_user_id ON accounts_user
    FOR EACH ROW WHEN (OLD.sis_user_id IS DISTINCT FROM NEW.sis_user_id) EXECUTE FUNCTION accounts_check_id();
CREATE TRIGGER further_id_is_nobodys_own AFTER INSERT OR UPDATE OF sis_user_id, user_id ON accounts_furthersisid
    FOR EACH ROW EXECUTE FUNCTION accounts_check_further_id();
"""

SQL = HELD_TREE + ACCOUNT_TREE + AUDIT_IS_APPEND_ONLY + EVENTS_SETTLE_IN_ORDER + SIS_ID_IS_ONE_PERSONS

REVERSE = """
DROP TRIGGER further_id_is_nobodys_own ON accounts_furthersisid;
DROP TRIGGER id_is_no_further_one ON accounts_user;
DROP TRIGGER new_ids_are_no_further_ones ON accounts_user;
DROP FUNCTION accounts_check_further_id();
DROP FUNCTION accounts_check_id();
DROP FUNCTION accounts_check_new_ids();
DROP FUNCTION accounts_refuse_shared_id(text);
DROP FUNCTION accounts_first_unsettled_event();
DROP TRIGGER events_settle_in_order ON accounts_auditevent;
DROP FUNCTION accounts_hold_events();
DROP FUNCTION accounts_next_event();
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
