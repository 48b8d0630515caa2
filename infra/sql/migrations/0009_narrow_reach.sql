-- Who reaches how far into a case: a service, no further than the help it gives; an agency that was
-- only offered a case, to the offer; and whoever declared a conflict of interest, nowhere.
--
-- Row security stands behind the rules, not in their place: it holds where a rule or a statement is
-- wrong. Inside the case it acts on, a service's transaction still reads the state (codes and
-- times) that its answers and withdrawals are judged by.

CREATE FUNCTION record.who() RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
    SELECT record.setting('org') || ':' || record.setting('person')
$$;

-- Declared a conflict of interest before this transaction: whoever does leaves the case with the
-- end of the transaction that says so.
CREATE FUNCTION record.is_too_close(wanted text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT EXISTS (
        SELECT 1 FROM record.conflict f WHERE f.case_ref = wanted AND f.who = record.who()
          AND f.recorded_at < transaction_timestamp())
$$;

CREATE OR REPLACE FUNCTION record.leads(wanted text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT NOT record.is_too_close(wanted) AND EXISTS (
        SELECT 1 FROM record.case_party p JOIN record.case_file c USING (case_ref)
        WHERE p.case_ref = wanted AND p.role = 'lead' AND p.until IS NULL
          AND p.organisation = record.setting('org')
          AND (NOT c.is_restricted OR EXISTS (
              SELECT 1 FROM record.case_person n
              WHERE n.case_ref = wanted AND n.organisation = p.organisation
                AND n.person = record.setting('person')
                AND (n.is_named OR n.left_at >= transaction_timestamp()))))
$$;

CREATE OR REPLACE FUNCTION record.receives(wanted text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT NOT record.is_too_close(wanted) AND EXISTS (
        SELECT 1 FROM record.case_party p JOIN record.case_file c USING (case_ref)
        WHERE p.case_ref = wanted AND p.role = 'recipient' AND p.until IS NULL
          AND p.organisation = record.setting('org')
          AND (NOT c.is_restricted OR record.setting('role') = 'ngo_supervisor'))
$$;

CREATE OR REPLACE FUNCTION record.acts_on(wanted text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT wanted = record.setting('case_ref') AND (record.leads(wanted) OR record.receives(wanted))
$$;

DROP POLICY person ON record.inbox_item;
CREATE POLICY person ON record.inbox_item FOR SELECT TO sp_web
    USING (organisation = record.setting('org') AND record.receives(case_ref));

-- A restricted case is never offered.
CREATE OR REPLACE FUNCTION record.is_offered(wanted text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT EXISTS (
        SELECT 1 FROM record.transfer t JOIN record.case_file c USING (case_ref)
        WHERE t.case_ref = wanted AND t.to_organisation = record.setting('org')
          AND t.state = 'offered' AND NOT c.is_restricted)
$$;

-- Answers an offer in this very transaction, which was entered for that alone: then, and only then,
-- the state that the answer is judged by is read, and the answer is written.
CREATE FUNCTION record.is_answering(wanted text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT wanted = record.setting('offer') AND wanted = record.setting('case_ref') AND EXISTS (
        SELECT 1 FROM record.transfer t JOIN record.case_file c USING (case_ref)
        WHERE t.case_ref = wanted AND t.to_organisation = record.setting('org')
          AND (t.state = 'offered' OR t.recorded_at >= transaction_timestamp())
          AND NOT c.is_restricted)
$$;

-- When a service first took her on: set by a trigger, and by nobody else.
ALTER TABLE record.referral ADD COLUMN taken_on_at timestamptz;
UPDATE record.referral SET taken_on_at = recorded_at WHERE state IN ('accepted', 'active');
CREATE FUNCTION record.note_taken_on() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    NEW.taken_on_at := CASE WHEN TG_OP = 'UPDATE' THEN OLD.taken_on_at END;
    IF NEW.taken_on_at IS NULL AND NEW.state IN ('accepted', 'active') THEN
        NEW.taken_on_at := clock_timestamp();
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER referral_notes_taken_on BEFORE INSERT OR UPDATE ON record.referral
    FOR EACH ROW EXECUTE FUNCTION record.note_taken_on();

-- The transaction in which she was first asked about: unlike the other times, nobody writes it.
ALTER TABLE record.withdrawal_check
    ADD COLUMN written_at timestamptz NOT NULL DEFAULT transaction_timestamp(),
    ADD CONSTRAINT withdrawal_check_line_is_short
        CHECK (line_until <= opened_at + interval '72 hours');

ALTER TABLE record.contact_plan
    ADD CONSTRAINT contact_plan_change_confirmed
        CHECK (state <> 'in_force' OR changes = '{}' OR confirmed_by IS NOT NULL);

-- Who said what came of a contact; not known of earlier ones.
ALTER TABLE record.contact ADD COLUMN ended_by text;

-- Helps her now, as one of the services that has taken her on.
CREATE FUNCTION record.helps(wanted text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT record.receives(wanted) AND EXISTS (
        SELECT 1 FROM record.referral r WHERE r.case_ref = wanted
          AND r.organisation = record.setting('org') AND r.state IN ('accepted', 'active'))
$$;

-- Helped her until a withdrawal that she is being asked about, and keeps its line meanwhile.
CREATE FUNCTION record.keeps_line(wanted text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT record.receives(wanted) AND EXISTS (
        SELECT 1 FROM record.withdrawal_check k JOIN record.referral r
            ON r.case_ref = k.case_ref AND r.number = ANY (k.referrals)
        WHERE k.case_ref = wanted AND k.asks = record.setting('org') AND k.state = 'open'
          AND k.line_until > transaction_timestamp()
          AND r.organisation = record.setting('org') AND r.taken_on_at < k.written_at)
$$;

-- What she last agreed to pass on to a service, or had agreed to before a withdrawal.
CREATE FUNCTION record.last_yes(wanted text, to_recipient text) RETURNS record.consent
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT c FROM record.consent c WHERE c.case_ref = wanted
      AND c.purpose = 'support_referral' AND c.recipient = to_recipient AND c.state = 'given'
    ORDER BY c.epoch DESC LIMIT 1
$$;

CREATE OR REPLACE FUNCTION record.may_reach(wanted text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT EXISTS (
        SELECT 1 FROM record.referral r WHERE r.case_ref = wanted AND record.receives(wanted)
          AND r.organisation = record.setting('org')
          AND 'safe_contact' = ANY ((record.last_yes(wanted, r.service)).fields)
          AND (r.state IN ('accepted', 'active') AND (
                  SELECT c.state IN ('given', 'expired') FROM record.consent c
                  WHERE c.case_ref = wanted AND c.purpose = 'support_referral'
                    AND c.recipient = r.service
                  ORDER BY c.epoch DESC LIMIT 1)
              OR EXISTS (
                  SELECT 1 FROM record.withdrawal_check k WHERE k.case_ref = wanted
                    AND k.asks = r.organisation AND k.state = 'open'
                    AND r.number = ANY (k.referrals) AND r.taken_on_at < k.written_at
                    AND k.line_until > transaction_timestamp())))
$$;

-- Hears a word she says: who leads, who helps her or keeps its line, who is on the telephone to her.
CREATE FUNCTION record.hears_her(wanted text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT record.leads(wanted) OR record.helps(wanted) OR record.keeps_line(wanted)
        OR (record.receives(wanted) AND EXISTS (
            SELECT 1 FROM record.contact t WHERE t.case_ref = wanted
              AND t.organisation = record.setting('org') AND t.state = 'started'))
$$;

-- Rows that are rewritten by a statement which would add them: they are there already.
CREATE FUNCTION record.has_offer(wanted text, wanted_number integer) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT (record.acts_on(wanted) OR record.is_answering(wanted)) AND EXISTS (
        SELECT 1 FROM record.transfer t
        WHERE t.case_ref = wanted AND t.number = wanted_number)
$$;

CREATE FUNCTION record.has_need(wanted text, wanted_number integer) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT record.acts_on(wanted) AND EXISTS (
        SELECT 1 FROM record.need n WHERE n.case_ref = wanted AND n.number = wanted_number)
$$;

-- A referral that is there, or a new one in the place of one that stopped and was the service's.
CREATE FUNCTION record.may_be_referral(
    wanted text, wanted_number integer, in_state text, in_place_of integer
) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT record.acts_on(wanted) AND EXISTS (
        SELECT 1 FROM record.referral r WHERE r.case_ref = wanted
          AND (r.number = wanted_number OR (in_state = 'waiting' AND r.number = in_place_of
            AND r.state IN ('withdrawn', 'recalled', 'entered_in_error')
            AND r.organisation = record.setting('org'))))
$$;

-- May answer the question whether a withdrawal was hers: it was put before, to this organisation
-- or by the one that leads, and somebody else recorded the withdrawal.
CREATE FUNCTION record.may_answer(wanted text, wanted_number integer) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT record.acts_on(wanted) AND EXISTS (
        SELECT 1 FROM record.withdrawal_check k WHERE k.case_ref = wanted
          AND k.number = wanted_number AND k.written_at < transaction_timestamp()
          AND k.recorder <> record.who()
          AND (k.asks = record.setting('org') OR record.leads(wanted)))
$$;

-- A withdrawal that was not hers is undone by whoever asked her: what she had agreed to is put
-- back, for as long as it would have held, in the transaction that answers and in no other.
DROP POLICY putting_back ON record.consent;
DROP FUNCTION record.puts_back(text, text, text, text[]);
CREATE FUNCTION record.puts_back(put record.consent) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT put.state = 'given' AND record.acts_on(put.case_ref)
      AND EXISTS (
        SELECT 1 FROM record.withdrawal_check k JOIN record.referral r
            ON r.case_ref = k.case_ref AND r.number = ANY (k.referrals)
        WHERE k.case_ref = put.case_ref AND k.purpose = put.purpose
          AND r.service = put.recipient AND r.taken_on_at < k.written_at
          AND k.state = 'it_was_not_her' AND k.answered_by = record.who()
          AND (k.asks = record.setting('org') OR record.leads(put.case_ref))
          AND k.written_at < transaction_timestamp()
          AND k.recorded_at >= transaction_timestamp()
          AND k.line_until > transaction_timestamp())
      AND (SELECT put.fields <@ y.fields AND put.expires_at <= y.expires_at
           FROM record.last_yes(put.case_ref, put.recipient) y)
$$;
CREATE POLICY putting_back ON record.consent FOR INSERT TO sp_web
    WITH CHECK (record.puts_back(consent));

-- Whoever does not lead opens a case again, where she is owed something, and changes no more of it.
CREATE FUNCTION record.guard_header() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF current_user = 'sp_web' AND NOT record.leads(OLD.case_ref) AND (
        (NEW.entitlement, NEW.assigned_to, NEW.died_at, NEW.safety_confirmed)
            IS DISTINCT FROM (OLD.entitlement, OLD.assigned_to, OLD.died_at, OLD.safety_confirmed)
        OR NEW.stage NOT IN (OLD.stage, 'open')) THEN
        RAISE EXCEPTION 'the header of a case is for who leads it'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER case_file_is_guarded BEFORE UPDATE ON record.case_file
    FOR EACH ROW EXECUTE FUNCTION record.guard_header();

-- A contact stays with whoever planned it, but for those that come along with the lead of the case.
CREATE FUNCTION record.guard_contact() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF current_user = 'sp_web' AND NEW.organisation <> OLD.organisation
        AND NOT (record.leads(OLD.case_ref) AND NEW.organisation = record.setting('org')) THEN
        RAISE EXCEPTION 'a contact stays with its organisation'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER contact_is_guarded BEFORE UPDATE ON record.contact
    FOR EACH ROW EXECUTE FUNCTION record.guard_contact();

-- The agency that accepted an offer leads from now on, and the holds of the one before are its own;
-- that one no longer sees the case.
CREATE OR REPLACE FUNCTION record.take_lead(wanted text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    taker text := record.setting('org');
    giver text;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM record.transfer t WHERE t.case_ref = wanted
            AND t.to_organisation = taker AND t.state = 'accepted'
            AND t.recorded_at >= transaction_timestamp()) THEN
        RAISE EXCEPTION 'no offer was accepted' USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT owner INTO giver FROM record.case_file WHERE case_ref = wanted;
    UPDATE record.case_party SET until = clock_timestamp()
        WHERE case_ref = wanted AND role = 'lead' AND until IS NULL;
    INSERT INTO record.case_party (case_ref, organisation, role) VALUES (wanted, taker, 'lead')
        ON CONFLICT ON CONSTRAINT case_party_pk
        DO UPDATE SET role = 'lead', since = clock_timestamp(), until = NULL;
    UPDATE record.case_file SET owner = taker WHERE case_ref = wanted;
    UPDATE record.hold SET organisation = taker
        WHERE case_ref = wanted AND organisation = giver AND lifted_at IS NULL;
END $$;

-- Whether somebody has left; asked of one's own organisation, or by the worker.
CREATE FUNCTION record.has_left(of_organisation text, of_person text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT coalesce(record.setting('org'), of_organisation) = of_organisation AND EXISTS (
        SELECT 1 FROM record.staff_left s
        WHERE s.organisation = of_organisation AND s.person = of_person)
$$;

-- Named for a restricted case, and still there to see it.
CREATE FUNCTION record.is_there(n record.case_person) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT n.is_named AND NOT record.has_left(n.organisation, n.person) AND NOT EXISTS (
        SELECT 1 FROM record.conflict f
        WHERE f.case_ref = n.case_ref AND f.who = n.organisation || ':' || n.person)
$$;

-- Fewer than two of the people named for a restricted case are there: then a safeguarding supervisor
-- of the agency that leads it helps to name others, and sees nothing of the case by that.
CREATE FUNCTION record.stands_in(wanted text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT record.setting('role') = 'safeguarding_supervisor' AND NOT record.is_too_close(wanted)
      AND EXISTS (
        SELECT 1 FROM record.case_party p JOIN record.case_file c USING (case_ref)
        WHERE p.case_ref = wanted AND p.role = 'lead' AND p.until IS NULL
          AND p.organisation = record.setting('org') AND c.is_restricted AND c.stage <> 'closed')
      AND (SELECT count(*) FROM record.case_person n
           WHERE n.case_ref = wanted AND record.is_there(n)) < 2
$$;

-- The restricted cases in which a supervisor stands in, by whom they rested on.
CREATE FUNCTION record.thinly_named() RETURNS TABLE (case_ref text, person text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT n.case_ref, n.person FROM record.case_person n
    WHERE n.organisation = record.setting('org') AND NOT record.is_there(n)
      AND (n.is_named OR n.left_at IS NOT NULL) AND record.stands_in(n.case_ref)
$$;

-- Alarms of restricted cases, by reference and kind, for whoever would have to act on them and does
-- not see the case: they can ask the people named for it.
CREATE FUNCTION record.restricted_alarms() RETURNS TABLE (case_ref text, id text, kind text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT t.case_ref, t.id, t.kind
    FROM record.task t JOIN record.case_file c USING (case_ref)
        JOIN record.case_party p USING (case_ref)
    WHERE c.is_restricted AND p.role = 'lead' AND p.until IS NULL
      AND p.organisation = record.setting('org')
      AND record.setting('role') IN ('dpo', 'safeguarding_supervisor')
      AND t.for_role = record.setting('role') AND NOT t.is_done AND t.private_to IS NULL
      AND coalesce(t.organisation, p.organisation) = p.organisation
      AND t.kind IN ('duress', 'word_wrong', 'welfare', 'reported_recorder')
      AND t.not_for IS DISTINCT FROM record.who() AND NOT record.is_too_close(t.case_ref)
    ORDER BY t.raised_at, t.case_ref, t.id
$$;

-- What a supervisor says to a case's journey is sealed with the key of the case.
CREATE POLICY standing_in ON vault.case_key FOR SELECT TO sp_web
    USING (record.stands_in(case_ref));

-- How a withdrawal was said goes with it to the worker.
ALTER TABLE record.withdrawal_post ADD COLUMN via text;

-- A changed plan is confirmed by whoever is there, in their own name; a new one by nobody yet.
CREATE FUNCTION record.guard_plan() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF current_user = 'sp_web' AND NEW.confirmed_by IS NOT NULL AND NEW.confirmed_by <> record.who()
        AND NOT EXISTS (SELECT 1 FROM record.contact_plan p WHERE p.case_ref = NEW.case_ref
            AND p.number = NEW.number AND p.confirmed_by = NEW.confirmed_by) THEN
        RAISE EXCEPTION 'a plan is confirmed in one''s own name'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER contact_plan_is_guarded BEFORE INSERT OR UPDATE ON record.contact_plan
    FOR EACH ROW EXECUTE FUNCTION record.guard_plan();

-- Which columns change at all. A row's number, its author and its organisation are not among them.
REVOKE UPDATE ON record.need, record.referral, record.deadline, record.task, record.outbox,
    record.contact_plan, record.contact, record.withdrawal_check, record.marac, record.transfer
    FROM sp_web, sp_journeys;
REVOKE UPDATE ON record.hold, record.nrm FROM sp_web;
REVOKE UPDATE ON record.risk_assessment FROM sp_journeys;
REVOKE INSERT ON record.marac FROM sp_web;
REVOKE INSERT ON record.withdrawal_check FROM sp_web, sp_journeys;

GRANT UPDATE (state, occurred_at, recorded_at) ON record.need TO sp_web, sp_journeys;
GRANT UPDATE (state, delivery, consent, clock, outcome, reason, was_followed, priority, claimed_by,
    expected_by, shared_fields, asked_fields, asked_topics, info_answer, version, occurred_at,
    recorded_at) ON record.referral TO sp_web, sp_journeys;
GRANT UPDATE (state, started_at, due_at, remind_at, lapse_at, calendar, reminded_at, ended_at, pace,
    remind_again_at, paused_at, pause_reason, extension_reason, occurred_at, recorded_at)
    ON record.deadline TO sp_web, sp_journeys;
GRANT UPDATE (is_done, for_role, organisation, for_person, not_for, referral, raised_at,
    occurred_at, recorded_at) ON record.task TO sp_web, sp_journeys;
GRANT UPDATE (state, occurred_at, recorded_at) ON record.outbox TO sp_web, sp_journeys;
GRANT UPDATE (state, confirmed_how, confirmed_by, verified_at, expires_at, suspended_for,
    occurred_at, recorded_at) ON record.contact_plan TO sp_web, sp_journeys;
GRANT UPDATE (state, safe_at, safe_until, result, word, interpreted_by, organisation, planned_by,
    made_by, ended_by, started_at, ended_at, is_outside_plan, occurred_at, recorded_at)
    ON record.contact TO sp_web, sp_journeys;
GRANT INSERT (case_ref, number, purpose, recorder, asks, referrals, consents, opened_at, line_until,
        state, answered_by, occurred_at),
    UPDATE (state, consents, answered_by, occurred_at, recorded_at)
    ON record.withdrawal_check TO sp_web, sp_journeys;
GRANT UPDATE (state, basis, without_consent_because, declined_because, meeting_on, is_emergency,
    agencies, actions_due_on, heard_at, occurred_at, recorded_at) ON record.marac TO sp_journeys;
GRANT UPDATE (state, age, answer, submitted_at, recovery_until, occurred_at, recorded_at)
    ON record.nrm TO sp_web;
GRANT UPDATE (reviewed_by, agreed, occurred_at, recorded_at)
    ON record.risk_assessment TO sp_journeys;
GRANT UPDATE (lifted_at, lifted_by, occurred_at, recorded_at) ON record.hold TO sp_web;
GRANT UPDATE (state, answered_by, occurred_at, recorded_at)
    ON record.transfer TO sp_web, sp_journeys;

-- Who sees and writes what, table by table. A person who leads works on the case she named; a
-- service writes what its help, a withdrawal it passes on, or a stop of contact needs.

CREATE POLICY answering ON record.case_file TO sp_web
    USING (record.is_answering(case_ref)) WITH CHECK (record.is_answering(case_ref));
CREATE POLICY answering ON record.consent FOR SELECT TO sp_web
    USING (record.is_answering(case_ref));
CREATE POLICY answering ON record.need FOR SELECT TO sp_web USING (record.is_answering(case_ref));
CREATE POLICY answering ON record.referral FOR SELECT TO sp_web
    USING (record.is_answering(case_ref));
CREATE POLICY answering ON record.deadline FOR SELECT TO sp_web
    USING (record.is_answering(case_ref) AND record.may_know(private_to));
CREATE POLICY answering ON record.outbox FOR SELECT TO sp_web
    USING (record.is_answering(case_ref) AND record.may_know(private_to));
CREATE POLICY answering ON record.contact FOR SELECT TO sp_web
    USING (record.is_answering(case_ref));
CREATE POLICY answering ON record.contact_plan FOR SELECT TO sp_web
    USING (record.is_answering(case_ref));
CREATE POLICY answering ON record.hold FOR SELECT TO sp_web USING (record.is_answering(case_ref));
CREATE POLICY answering ON record.task TO sp_web
    USING (record.is_answering(case_ref) AND record.may_know(private_to))
    WITH CHECK (record.is_answering(case_ref) AND organisation = record.setting('org'));
CREATE POLICY answering ON record.wake FOR INSERT TO sp_web
    WITH CHECK (record.is_answering(case_ref));

DROP POLICY person ON record.need;
CREATE POLICY person ON record.need TO sp_web
    USING (record.leads(case_ref) OR record.acts_on(case_ref))
    WITH CHECK (record.leads_here(case_ref)
        OR (record.acts_on(case_ref) AND record.has_need(case_ref, number)));

DROP POLICY person ON record.referral;
CREATE POLICY person ON record.referral TO sp_web
    USING (record.leads(case_ref) OR record.acts_on(case_ref)
        OR (organisation = record.setting('org') AND record.receives(case_ref)
            AND delivery = 'acked'))
    WITH CHECK (record.leads_here(case_ref) OR (record.acts_on(case_ref)
        AND (organisation = record.setting('org') OR consent = 'withdrawn')
        AND record.may_be_referral(case_ref, number, state, replaces)));

DROP POLICY person ON record.deadline;
CREATE POLICY person ON record.deadline TO sp_web
    USING (record.may_know(private_to) AND (record.leads(case_ref) OR record.acts_on(case_ref)
        OR (referral IS NOT NULL AND record.holds_referral(case_ref, referral))))
    WITH CHECK (record.may_know(private_to) AND (record.leads_here(case_ref)
        OR (record.acts_on(case_ref) AND state NOT IN ('paused', 'waived'))));

DROP POLICY person ON record.task;
CREATE POLICY person ON record.task TO sp_web
    USING (record.may_know(private_to) AND (record.leads(case_ref) OR record.acts_on(case_ref)
        OR (organisation = record.setting('org')
            AND (record.receives(case_ref) OR record.is_offered(case_ref)))))
    WITH CHECK (record.may_know(private_to) AND record.acts_on(case_ref));

-- A service's transaction calls back what was to leave, and sends nothing.
DROP POLICY person ON record.outbox;
CREATE POLICY person ON record.outbox TO sp_web
    USING (record.may_know(private_to) AND (record.leads(case_ref) OR record.acts_on(case_ref)))
    WITH CHECK (record.may_know(private_to) AND (record.leads_here(case_ref)
        OR (record.acts_on(case_ref) AND (kind <> 'packet' OR state = 'cancelled'))));

-- A plan is set by who leads or helps her; that nobody may contact her is for whoever knows it.
DROP POLICY person ON record.contact_plan;
CREATE POLICY person ON record.contact_plan TO sp_web
    USING (record.leads(case_ref) OR record.acts_on(case_ref))
    WITH CHECK (record.leads_here(case_ref) OR (record.acts_on(case_ref)
        AND (record.helps(case_ref) OR state IN ('suspended', 'replaced'))));

DROP POLICY person ON record.plan_word;
CREATE POLICY person ON record.plan_word FOR SELECT TO sp_web
    USING (case_ref = record.setting('case_ref') AND record.hears_her(case_ref));
CREATE POLICY setting ON record.plan_word FOR INSERT TO sp_web
    WITH CHECK (record.leads_here(case_ref)
        OR (record.acts_on(case_ref) AND record.helps(case_ref)));

DROP POLICY setting ON record.plan_detail;
CREATE POLICY setting ON record.plan_detail FOR INSERT TO sp_web
    WITH CHECK (record.leads_here(case_ref)
        OR (record.acts_on(case_ref) AND record.helps(case_ref)));

-- A changed plan moves the contacts of others that have not begun, and a stop calls them off.
DROP POLICY person ON record.contact;
CREATE POLICY person ON record.contact TO sp_web
    USING (record.leads(case_ref) OR record.acts_on(case_ref))
    WITH CHECK (record.leads_here(case_ref) OR (record.acts_on(case_ref)
        AND (organisation = record.setting('org')
            OR state IN ('planned', 'open', 'cancelled'))));

-- A question is put by whoever recorded the withdrawal, and answered by somebody else.
DROP POLICY person ON record.withdrawal_check;
CREATE POLICY person ON record.withdrawal_check FOR SELECT TO sp_web
    USING (record.leads(case_ref) OR record.acts_on(case_ref));
CREATE POLICY asking ON record.withdrawal_check FOR INSERT TO sp_web
    WITH CHECK (record.acts_on(case_ref) AND (recorder = record.who() AND state = 'open'
        OR record.may_answer(case_ref, number)));
CREATE POLICY answering ON record.withdrawal_check FOR UPDATE TO sp_web
    USING (record.acts_on(case_ref)
        AND (recorder = record.who() OR record.may_answer(case_ref, number)))
    WITH CHECK (recorder = record.who() AND state = 'open' OR answered_by = record.who());

DROP POLICY person ON record.risk_assessment;
CREATE POLICY person ON record.risk_assessment FOR SELECT TO sp_web
    USING (record.leads(case_ref) OR record.acts_on(case_ref));

DROP POLICY person ON record.marac;
CREATE POLICY person ON record.marac FOR SELECT TO sp_web USING (record.leads(case_ref));

DROP POLICY person ON record.nrm;
CREATE POLICY person ON record.nrm TO sp_web
    USING (record.leads(case_ref)) WITH CHECK (record.leads_here(case_ref));

-- One's own conflict is seen by oneself, so that the answer can say why nothing else is.
DROP POLICY person ON record.conflict;
CREATE POLICY person ON record.conflict FOR SELECT TO sp_web
    USING (who = record.who() OR record.leads(case_ref));
CREATE POLICY declaring ON record.conflict FOR INSERT TO sp_web
    WITH CHECK (record.acts_on(case_ref) AND who = record.who());

-- An offer is made by the worker, for those who lead; it is answered by whoever it was made to, or
-- taken back.
DROP POLICY person ON record.transfer;
CREATE POLICY person ON record.transfer FOR SELECT TO sp_web
    USING (record.leads(case_ref) OR record.is_offered(case_ref) OR record.is_answering(case_ref));
CREATE POLICY answering ON record.transfer FOR UPDATE TO sp_web
    USING (state = 'offered' AND (record.leads_here(case_ref) OR record.is_answering(case_ref)))
    WITH CHECK (state = 'declined' OR record.is_answering(case_ref));
CREATE POLICY rewriting ON record.transfer FOR INSERT TO sp_web
    WITH CHECK (record.has_offer(case_ref, number));

-- An answer tells its giver what was done, also once the case is not theirs any more.
DROP POLICY person ON record.command_log;
CREATE POLICY person ON record.command_log FOR SELECT TO sp_web
    USING (case_ref = record.setting('case_ref')
        AND actor = record.setting('role') || '@' || record.who());
CREATE POLICY answering ON record.command_log FOR INSERT TO sp_web
    WITH CHECK ((record.acts_on(case_ref) OR record.is_answering(case_ref))
        AND actor = record.setting('role') || '@' || record.who());

REVOKE ALL ON FUNCTION record.who(), record.is_too_close(text), record.is_answering(text),
    record.note_taken_on(), record.has_offer(text, integer), record.helps(text), record.keeps_line(text), record.last_yes(text, text),
    record.hears_her(text), record.has_need(text, integer),
    record.may_be_referral(text, integer, text, integer), record.may_answer(text, integer),
    record.puts_back(record.consent), record.guard_header(), record.guard_contact(),
    record.guard_plan(),
    record.has_left(text, text), record.is_there(record.case_person), record.stands_in(text),
    record.thinly_named(), record.restricted_alarms() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.who(), record.is_too_close(text), record.is_answering(text),
    record.helps(text), record.hears_her(text), record.has_offer(text, integer),
    record.has_need(text, integer),
    record.may_be_referral(text, integer, text, integer), record.may_answer(text, integer),
    record.puts_back(record.consent), record.stands_in(text), record.thinly_named(),
    record.restricted_alarms() TO sp_web;
GRANT EXECUTE ON FUNCTION record.has_left(text, text) TO sp_web, sp_journeys;
GRANT EXECUTE ON FUNCTION record.who() TO sp_journeys; -- the guards of rows ask for it
