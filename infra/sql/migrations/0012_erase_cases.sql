-- The erasure of one case: its key is destroyed, and its texts are gone. Two people decide it, and
-- from the confirmation on nothing of the case changes, whatever a rule or a statement says.

CREATE TABLE record.erasure (
    case_ref    text        NOT NULL,
    number      integer     NOT NULL,
    reason      text        NOT NULL,
    state       text        NOT NULL,
    proposed_by text        NOT NULL,
    proposed_at timestamptz NOT NULL,
    answered_by text,
    erased_at   timestamptz,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT erasure_pk PRIMARY KEY (case_ref, number),
    CONSTRAINT erasure_case_fk FOREIGN KEY (case_ref) REFERENCES record.case_file,
    CONSTRAINT erasure_reason_known CHECK (reason IN
        ('retention_over', 'her_request', 'opened_by_mistake', 'court_order')),
    CONSTRAINT erasure_state_known CHECK (state IN
        ('proposed', 'declined', 'lapsed', 'confirmed', 'erased')),
    CONSTRAINT erasure_answered_by_somebody
        CHECK ((state IN ('declined', 'confirmed', 'erased')) = (answered_by IS NOT NULL)),
    CONSTRAINT erasure_confirmed_by_another
        CHECK (state NOT IN ('confirmed', 'erased') OR answered_by <> proposed_by),
    CONSTRAINT erasure_erased_at_a_time CHECK ((state = 'erased') = (erased_at IS NOT NULL))
);
CREATE UNIQUE INDEX erasure_one_standing ON record.erasure (case_ref)
    WHERE state IN ('proposed', 'confirmed', 'erased');

-- Why a key is gone, beside when.
ALTER TABLE vault.case_key
    ADD COLUMN destroyed_because text,
    ADD CONSTRAINT case_key_destroyed_for_a_reason
        CHECK ((destroyed_at IS NULL) = (destroyed_because IS NULL));

-- When the case was erased; null where it was not.
CREATE FUNCTION record.erased_at(wanted text) RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT e.erased_at FROM record.erasure e WHERE e.case_ref = wanted AND e.state = 'erased'
$$;

-- Two people decided to erase it.
CREATE FUNCTION record.is_over_for_good(wanted text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT EXISTS (SELECT 1 FROM record.erasure e
        WHERE e.case_ref = wanted AND e.state IN ('confirmed', 'erased'))
$$;

-- Something is open in the case that another organisation keeps to itself. That there is, is told
-- to those who may erase it.
CREATE FUNCTION record.is_open_elsewhere(wanted text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT record.setting('role') IN ('dpo', 'safeguarding_supervisor') AND record.leads(wanted)
      AND (EXISTS (SELECT 1 FROM record.deadline d WHERE d.case_ref = wanted
              AND d.private_to <> record.setting('org')
              AND d.state IN ('running', 'paused', 'breached'))
        OR EXISTS (SELECT 1 FROM record.task t WHERE t.case_ref = wanted
              AND t.private_to <> record.setting('org') AND NOT t.is_done)
        OR EXISTS (SELECT 1 FROM record.outbox o WHERE o.case_ref = wanted
              AND o.private_to <> record.setting('org') AND o.state = 'queued'))
$$;

-- Asked by whoever is about to start a workflow of the case or to tell one, and kept until the end
-- of that transaction: meanwhile nobody confirms an erasure, and afterwards nothing is started. A
-- lock of its own, so that no fact about the case waits for Temporal.
CREATE FUNCTION record.may_wake(wanted text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended(wanted, 7233019));
    RETURN NOT record.is_over_for_good(wanted);
END $$;

-- One step follows another, none is left out, and the last is taken by `record.erase` alone.
CREATE FUNCTION record.guard_erasure() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (OLD.state, NEW.state) NOT IN (('proposed', 'declined'),
            ('proposed', 'lapsed'), ('proposed', 'confirmed'), ('confirmed', 'erased'))
        OR TG_OP = 'INSERT' AND NEW.state <> 'proposed'
        OR TG_OP = 'DELETE'
        OR NEW.state = 'erased' AND current_user IN ('sp_web', 'sp_journeys') THEN
        RAISE EXCEPTION 'an erasure goes its steps' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF NEW.state = 'confirmed' THEN
        PERFORM pg_advisory_xact_lock(hashtextextended(NEW.case_ref, 7233019));
    END IF;
    IF NEW.state IN ('proposed', 'confirmed') AND NOT EXISTS (SELECT 1 FROM record.case_file c
            WHERE c.case_ref = NEW.case_ref AND c.stage = 'closed') THEN
        RAISE EXCEPTION 'only a closed case is erased' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER erasure_is_guarded BEFORE INSERT OR UPDATE OR DELETE ON record.erasure
    FOR EACH ROW EXECUTE FUNCTION record.guard_erasure();

-- A case that two people decided to erase stays as it is. What is left to write of it is that
-- somebody looked, what they were answered, and the audit.
CREATE FUNCTION record.guard_ending() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF current_user IN ('sp_web', 'sp_journeys')
        AND record.is_over_for_good(coalesce(NEW.case_ref, OLD.case_ref)) THEN
        RAISE EXCEPTION 'the case was erased' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN coalesce(NEW, OLD);
END $$;
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['case_party', 'case_person', 'case_text', 'organisation_note',
        'consent', 'need', 'referral', 'deadline', 'task', 'outbox', 'inbox_item', 'share',
        'contact_plan', 'plan_word', 'plan_detail', 'contact', 'hold', 'withdrawal_check',
        'risk_assessment', 'marac', 'nrm', 'conflict', 'transfer', 'case_link', 'service_reason']
    LOOP
        EXECUTE format('CREATE TRIGGER %s_ends BEFORE INSERT OR UPDATE OR DELETE ON record.%s '
            'FOR EACH ROW EXECUTE FUNCTION record.guard_ending()', t, t);
    END LOOP;
END $$;
-- Its version tells that it was looked into; everything else of the header stays.
CREATE TRIGGER case_file_ends BEFORE UPDATE OF stage, owner, assigned_to, entitlement, died_at,
    safety_confirmed, closing_reason, closing_asked_by, is_restricted ON record.case_file
    FOR EACH ROW EXECUTE FUNCTION record.guard_ending();
CREATE TRIGGER wake_ends BEFORE INSERT ON record.wake
    FOR EACH ROW EXECUTE FUNCTION record.guard_ending();

-- The end: the key's bytes, every sealed text, and every word she agreed. What is sealed with other
-- keys than the case's own, organisations' notes, is deleted, whoever's it is. Rows of codes and
-- times stay, and the audit.
CREATE FUNCTION record.erase(wanted text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    because text;
BEGIN
    IF record.leads_here(wanted) AND record.setting('role') IN ('dpo', 'safeguarding_supervisor')
    THEN
        UPDATE record.erasure SET state = 'erased', erased_at = clock_timestamp(),
                recorded_at = clock_timestamp()
            WHERE case_ref = wanted AND state = 'confirmed' RETURNING reason INTO because;
    END IF;
    IF because IS NULL THEN
        RAISE EXCEPTION 'no erasure was confirmed' USING ERRCODE = 'insufficient_privilege';
    END IF;
    UPDATE vault.case_key SET wrapped = NULL, destroyed_at = clock_timestamp(),
            destroyed_because = because
        WHERE case_ref = wanted AND destroyed_at IS NULL;
    DELETE FROM record.case_text WHERE case_ref = wanted;
    DELETE FROM record.plan_detail WHERE case_ref = wanted;
    DELETE FROM record.plan_word WHERE case_ref = wanted;
    DELETE FROM record.organisation_note WHERE case_ref = wanted;
    UPDATE record.inbox_item SET sealed_packet = ''
        WHERE case_ref = wanted AND sealed_packet IS NOT NULL;
    DELETE FROM record.wake WHERE case_ref = wanted;
    DELETE FROM record.pause WHERE case_ref = wanted;
    UPDATE record.trouble SET settled_at = clock_timestamp()
        WHERE case_ref = wanted AND settled_at IS NULL;
    PERFORM pg_notify('safepath_key_destroyed', wanted);
END $$;

ALTER TABLE record.erasure ENABLE ROW LEVEL SECURITY;
REVOKE ALL ON FUNCTION record.erased_at(text), record.is_over_for_good(text),
    record.is_open_elsewhere(text), record.may_wake(text), record.guard_erasure(),
    record.guard_ending(), record.erase(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.erased_at(text), record.is_open_elsewhere(text),
    record.erase(text) TO sp_web;
GRANT EXECUTE ON FUNCTION record.is_over_for_good(text), record.may_wake(text)
    TO sp_web, sp_journeys;
GRANT EXECUTE ON FUNCTION record.is_open_elsewhere(text) TO sp_journeys;
GRANT SELECT ON record.erasure TO sp_web, sp_journeys;
GRANT INSERT (case_ref, number, reason, state, proposed_by, proposed_at, occurred_at),
    UPDATE (state, answered_by, occurred_at, recorded_at) ON record.erasure TO sp_web;

CREATE POLICY worker ON record.erasure FOR SELECT TO sp_journeys
    USING (case_ref = record.setting('case_ref'));
CREATE POLICY person ON record.erasure FOR SELECT TO sp_web
    USING (record.leads(case_ref) OR record.acts_on(case_ref));
CREATE POLICY proposing ON record.erasure FOR INSERT TO sp_web
    WITH CHECK (record.leads_here(case_ref) AND record.setting('role') = 'dpo'
        AND proposed_by = record.who());
-- It is answered in one's own name; and it lapses by the hand of whoever opens the case again.
CREATE POLICY answering ON record.erasure FOR UPDATE TO sp_web
    USING (record.acts_on(case_ref))
    WITH CHECK (record.acts_on(case_ref) AND (state = 'lapsed'
        OR (record.leads_here(case_ref) AND answered_by = record.who()
            AND record.setting('role') IN ('dpo', 'safeguarding_supervisor'))));
