-- The whole journey: safe contact, holds, checks after withdrawals, the lanes, who works on a case
-- and who must not. Codes, references and times in clear; what identifies her stays sealed.
--
-- Every column added to an older table has a default, so that older workers go on meanwhile.

-- The case.
ALTER TABLE record.case_file
    ADD COLUMN age           text NOT NULL DEFAULT 'uncertain',
    ADD COLUMN entitlement   text NOT NULL DEFAULT 'enhanced',
    ADD COLUMN assigned_to   text,
    ADD COLUMN last_acted_at timestamptz,
    ADD COLUMN died_at       timestamptz,
    ADD CONSTRAINT case_file_age_known CHECK (age IN ('adult', 'child', 'uncertain')),
    ADD CONSTRAINT case_file_entitlement_known CHECK (entitlement IN ('standard', 'enhanced')),
    DROP CONSTRAINT case_file_stage_known,
    ADD CONSTRAINT case_file_stage_known
        CHECK (stage IN ('safety_check', 'open', 'dormant', 'closing_review', 'closed')),
    DROP CONSTRAINT case_file_subject_known,
    ADD CONSTRAINT case_file_subject_known
        CHECK (subject IN ('victim', 'witness', 'both', 'bereaved'));
GRANT UPDATE (entitlement, assigned_to, last_acted_at, died_at)
    ON record.case_file TO sp_web, sp_journeys;

ALTER TABLE record.consent
    ADD COLUMN also_asked   text[] NOT NULL DEFAULT '{}',
    ADD COLUMN asked        jsonb,
    ADD COLUMN ask_again_at timestamptz;

ALTER TABLE record.referral
    ADD COLUMN replaces     integer,
    ADD COLUMN claimed_by   text,
    ADD COLUMN expected_by  date,
    ADD COLUMN shared_fields text[] NOT NULL DEFAULT '{}',
    ADD COLUMN asked_fields text[] NOT NULL DEFAULT '{}',
    ADD COLUMN asked_topics text[] NOT NULL DEFAULT '{}',
    ADD COLUMN info_answer  text,
    ADD COLUMN offered      text[] NOT NULL DEFAULT '{}',
    ADD COLUMN chosen_by    text   NOT NULL DEFAULT 'victim';

ALTER TABLE record.deadline
    ADD COLUMN pace             text          NOT NULL DEFAULT 'standard',
    ADD COLUMN remind_again_at  timestamptz[] NOT NULL DEFAULT '{}',
    ADD COLUMN paused_at        timestamptz,
    ADD COLUMN pause_reason     text,
    ADD COLUMN extension_reason text,
    ADD COLUMN private_to       text,
    DROP CONSTRAINT deadline_state_known,
    ADD CONSTRAINT deadline_state_known CHECK (state IN
        ('running', 'paused', 'breached', 'met', 'met_late', 'waived', 'void')),
    ADD CONSTRAINT deadline_paused_since CHECK ((state = 'paused') <= (paused_at IS NOT NULL));

ALTER TABLE record.task
    ADD COLUMN organisation text,
    ADD COLUMN for_person   text,
    ADD COLUMN not_for      text,
    ADD COLUMN private_to   text;
CREATE INDEX task_open_ix ON record.task (organisation) WHERE NOT is_done;

ALTER TABLE record.outbox ADD COLUMN private_to text;

-- A service that asked back gets a second packet, under a newer yes: one share for each.
ALTER TABLE record.share
    DROP CONSTRAINT share_once_per_referral,
    ADD CONSTRAINT share_once_per_epoch UNIQUE (case_ref, referral, consent_epoch);

ALTER TABLE record.consultation ADD COLUMN had_task boolean NOT NULL DEFAULT true;

ALTER TABLE record.case_person
    ADD COLUMN proposed_by  text,
    ADD COLUMN confirmed_by text,
    ADD COLUMN is_named     boolean NOT NULL DEFAULT true,
    ADD COLUMN left_at      timestamptz,
    ADD CONSTRAINT case_person_widened_by_two
        CHECK (proposed_by IS NULL OR proposed_by IS DISTINCT FROM confirmed_by);

-- Safe contact.
CREATE TABLE record.contact_plan (
    case_ref       text        NOT NULL,
    number         integer     NOT NULL,
    state          text        NOT NULL,
    channels       text[]      NOT NULL,
    windows        jsonb       NOT NULL,
    voicemail      text        NOT NULL,
    caller_identity text       NOT NULL,
    dropped_call   text        NOT NULL,
    call_back_after_minutes integer,
    do_not_post    boolean     NOT NULL,
    device_shared  text        NOT NULL,
    interpreter    jsonb       NOT NULL,
    has_details    boolean     NOT NULL,
    details_of     integer,
    words_of       integer,
    changes        text[]      NOT NULL,
    set_by         text        NOT NULL,
    set_at         timestamptz,
    confirmed_how  text,
    confirmed_by   text,
    verified_at    timestamptz,
    expires_at     timestamptz,
    suspended_for  text,
    occurred_at    timestamptz NOT NULL,
    recorded_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT contact_plan_pk PRIMARY KEY (case_ref, number),
    CONSTRAINT contact_plan_case_fk FOREIGN KEY (case_ref) REFERENCES record.case_file,
    CONSTRAINT contact_plan_state_known
        CHECK (state IN ('pending', 'in_force', 'replaced', 'suspended')),
    CONSTRAINT contact_plan_confirmed_by_another
        CHECK (changes = '{}' OR confirmed_by IS NULL OR confirmed_by <> set_by),
    CONSTRAINT contact_plan_expires
        CHECK (state <> 'in_force' OR (verified_at IS NOT NULL AND expires_at IS NOT NULL
            AND expires_at <= verified_at + interval '31 days'))
);
CREATE UNIQUE INDEX contact_plan_one_in_force ON record.contact_plan (case_ref)
    WHERE state = 'in_force';

-- Safe and duress words: slow salted hashes, never the words.
CREATE TABLE record.plan_word (
    case_ref    text        NOT NULL,
    plan        integer     NOT NULL,
    safe_hash   text,
    duress_hash text,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT plan_word_pk PRIMARY KEY (case_ref, plan),
    CONSTRAINT plan_word_case_fk FOREIGN KEY (case_ref) REFERENCES record.case_file
);

-- Number, address, trusted person: the sealed details that came with a plan.
CREATE TABLE record.plan_detail (
    case_ref    text        NOT NULL,
    plan        integer     NOT NULL,
    sealed      bytea       NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT plan_detail_pk PRIMARY KEY (case_ref, plan),
    CONSTRAINT plan_detail_case_fk FOREIGN KEY (case_ref) REFERENCES record.case_file
);

CREATE TABLE record.contact (
    case_ref     text        NOT NULL,
    number       integer     NOT NULL,
    referral     integer,
    organisation text        NOT NULL,
    purpose      text        NOT NULL,
    channel      text        NOT NULL,
    template     text,
    interpreter  text,
    state        text        NOT NULL,
    not_before   timestamptz,
    safe_at      timestamptz,
    safe_until   timestamptz,
    result       text,
    word         text        NOT NULL,
    interpreted_by text      NOT NULL DEFAULT 'none',
    planned_by   text        NOT NULL,
    made_by      text,
    started_at   timestamptz,
    ended_at     timestamptz,
    is_outside_plan boolean  NOT NULL,
    occurred_at  timestamptz NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT contact_pk PRIMARY KEY (case_ref, number),
    CONSTRAINT contact_case_fk FOREIGN KEY (case_ref) REFERENCES record.case_file,
    CONSTRAINT contact_state_known CHECK (state IN
        ('planned', 'open', 'started', 'sending', 'made', 'unknown', 'cancelled')),
    CONSTRAINT contact_text_has_template
        CHECK ((channel IN ('sms', 'email')) = (template IS NOT NULL))
);

-- Holds: standing stops of sharing with Immigration Enforcement.
CREATE TABLE record.hold (
    case_ref     text        NOT NULL,
    number       integer     NOT NULL,
    organisation text        NOT NULL,
    placed_by    text        NOT NULL,
    referral     integer,
    placed_at    timestamptz NOT NULL,
    lifted_at    timestamptz,
    lifted_by    text,
    occurred_at  timestamptz NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT hold_pk PRIMARY KEY (case_ref, number),
    CONSTRAINT hold_case_fk FOREIGN KEY (case_ref) REFERENCES record.case_file,
    CONSTRAINT hold_lifted_by_its_own
        CHECK (lifted_by IS NULL OR split_part(lifted_by, ':', 1) = organisation),
    CONSTRAINT hold_lifted_by_somebody CHECK ((lifted_at IS NULL) = (lifted_by IS NULL))
);
CREATE UNIQUE INDEX hold_one_of_each ON record.hold (case_ref, organisation)
    WHERE lifted_at IS NULL;

-- «Was it you?»: after a withdrawal that staff recorded.
CREATE TABLE record.withdrawal_check (
    case_ref    text        NOT NULL,
    number      integer     NOT NULL,
    purpose     text        NOT NULL,
    recorder    text        NOT NULL,
    asks        text        NOT NULL,
    referrals   integer[]   NOT NULL,
    consents    jsonb       NOT NULL,
    opened_at   timestamptz NOT NULL,
    line_until  timestamptz NOT NULL,
    state       text        NOT NULL,
    answered_by text,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT withdrawal_check_pk PRIMARY KEY (case_ref, number),
    CONSTRAINT withdrawal_check_case_fk FOREIGN KEY (case_ref) REFERENCES record.case_file,
    CONSTRAINT withdrawal_check_state_known
        CHECK (state IN ('open', 'it_was_her', 'it_was_not_her', 'not_reached')),
    CONSTRAINT withdrawal_check_by_another CHECK (answered_by IS DISTINCT FROM recorder)
);

-- A withdrawal carried by somebody who is no party to the case: the worker takes it on.
CREATE TABLE record.withdrawal_post (
    id           uuid        NOT NULL DEFAULT gen_random_uuid(),
    case_ref     text        NOT NULL,
    role         text        NOT NULL,
    organisation text        NOT NULL,
    person       text        NOT NULL,
    command_id   text        NOT NULL,
    purpose      text        NOT NULL,
    recipient    text,
    said_by      text        NOT NULL,
    occurred_at  timestamptz NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    done_at      timestamptz,
    CONSTRAINT withdrawal_post_pk PRIMARY KEY (id),
    CONSTRAINT withdrawal_post_once UNIQUE (organisation, person, command_id)
);
CREATE INDEX withdrawal_post_open_ix ON record.withdrawal_post (recorded_at)
    WHERE done_at IS NULL;

-- The lanes.
CREATE TABLE record.risk_assessment (
    case_ref    text        NOT NULL,
    number      integer     NOT NULL,
    tool        text        NOT NULL,
    grade       text        NOT NULL,
    ticks       integer,
    assessed_by text        NOT NULL,
    assessed_at timestamptz NOT NULL,
    reviewed_by text,
    agreed      boolean,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT risk_assessment_pk PRIMARY KEY (case_ref, number),
    CONSTRAINT risk_assessment_case_fk FOREIGN KEY (case_ref) REFERENCES record.case_file,
    CONSTRAINT risk_assessment_reviewed_by_another
        CHECK (reviewed_by IS DISTINCT FROM assessed_by)
);

CREATE TABLE record.marac (
    case_ref    text        NOT NULL,
    number      integer     NOT NULL,
    state       text        NOT NULL,
    criterion   text        NOT NULL,
    basis       text,
    without_consent_because text,
    declined_because text,
    meeting_on  date,
    is_emergency boolean    NOT NULL,
    agencies    text[]      NOT NULL,
    actions_due_on date,
    heard_at    timestamptz,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT marac_pk PRIMARY KEY (case_ref, number),
    CONSTRAINT marac_case_fk FOREIGN KEY (case_ref) REFERENCES record.case_file,
    CONSTRAINT marac_without_consent_has_reason
        CHECK (basis IS DISTINCT FROM 'without_consent' OR without_consent_because IS NOT NULL),
    CONSTRAINT marac_agencies_known CHECK (agencies <@ ARRAY['police', 'council', 'health',
        'probation', 'housing', 'childrens_services', 'idva_service', 'specialist_service'])
);

CREATE TABLE record.nrm (
    case_ref    text        NOT NULL,
    number      integer     NOT NULL,
    state       text        NOT NULL,
    age         text        NOT NULL,
    answer      text,
    submitted_at timestamptz,
    recovery_until timestamptz,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT nrm_pk PRIMARY KEY (case_ref, number),
    CONSTRAINT nrm_case_fk FOREIGN KEY (case_ref) REFERENCES record.case_file,
    CONSTRAINT nrm_children_are_not_notified
        CHECK (state <> 'notified_anonymously' OR age = 'adult')
);

-- Anonymous notifications: no case, no time, no order. What they say is all there is.
CREATE TABLE record.anonymous_notification (
    id           uuid NOT NULL DEFAULT gen_random_uuid(),
    exploitation text NOT NULL,
    force        text NOT NULL,
    quarter      text NOT NULL,
    CONSTRAINT anonymous_notification_pk PRIMARY KEY (id)
);

-- Who works on a case, and who must not.
CREATE TABLE record.conflict (
    case_ref    text        NOT NULL,
    who         text        NOT NULL,
    conflict    text        NOT NULL,
    declared_at timestamptz NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT conflict_pk PRIMARY KEY (case_ref, who),
    CONSTRAINT conflict_case_fk FOREIGN KEY (case_ref) REFERENCES record.case_file
);

CREATE TABLE record.transfer (
    case_ref        text        NOT NULL,
    number          integer     NOT NULL,
    to_organisation text        NOT NULL,
    offered_by      text        NOT NULL,
    offered_at      timestamptz NOT NULL,
    state           text        NOT NULL,
    answered_by     text,
    occurred_at     timestamptz NOT NULL,
    recorded_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT transfer_pk PRIMARY KEY (case_ref, number),
    CONSTRAINT transfer_case_fk FOREIGN KEY (case_ref) REFERENCES record.case_file,
    CONSTRAINT transfer_state_known CHECK (state IN ('offered', 'accepted', 'declined'))
);
CREATE INDEX transfer_open_ix ON record.transfer (to_organisation) WHERE state = 'offered';

CREATE TABLE record.case_link (
    case_ref    text        NOT NULL,
    other       text        NOT NULL,
    link        text        NOT NULL,
    linked_by   text        NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT case_link_pk PRIMARY KEY (case_ref, other),
    CONSTRAINT case_link_case_fk FOREIGN KEY (case_ref) REFERENCES record.case_file,
    CONSTRAINT case_link_other_fk FOREIGN KEY (other) REFERENCES record.case_file,
    CONSTRAINT case_link_of_two CHECK (case_ref <> other),
    CONSTRAINT case_link_known CHECK (link IN ('duplicate', 'same_incident', 'bereaved_family'))
);

-- A service's own reason for its no: the sender hears less.
CREATE TABLE record.service_reason (
    case_ref     text        NOT NULL,
    referral     integer     NOT NULL,
    organisation text        NOT NULL,
    reason       text        NOT NULL,
    occurred_at  timestamptz NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT service_reason_pk PRIMARY KEY (case_ref, referral),
    CONSTRAINT service_reason_case_fk FOREIGN KEY (case_ref) REFERENCES record.case_file
);

CREATE TABLE record.staff_left (
    organisation text        NOT NULL,
    person       text        NOT NULL,
    recorded_by  text        NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT staff_left_pk PRIMARY KEY (organisation, person)
);

-- Who may see what.

-- Whoever leaves the named people of a case, leaves them with the end of the transaction.
CREATE OR REPLACE FUNCTION record.leads(wanted text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT EXISTS (
        SELECT 1 FROM record.case_party p JOIN record.case_file c USING (case_ref)
        WHERE p.case_ref = wanted AND p.role = 'lead' AND p.until IS NULL
          AND p.organisation = record.setting('org')
          AND (NOT c.is_restricted OR EXISTS (
              SELECT 1 FROM record.case_person n
              WHERE n.case_ref = wanted AND n.organisation = p.organisation
                AND n.person = record.setting('person')
                AND (n.is_named OR n.left_at >= transaction_timestamp()))))
$$;

-- Was offered the lead of the case, and has not answered before this transaction. A restricted
-- case is never offered.
CREATE FUNCTION record.is_offered(wanted text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT EXISTS (
        SELECT 1 FROM record.transfer t JOIN record.case_file c USING (case_ref)
        WHERE t.case_ref = wanted AND t.to_organisation = record.setting('org')
          AND (t.state = 'offered' OR t.recorded_at >= transaction_timestamp())
          AND NOT c.is_restricted)
$$;

CREATE OR REPLACE FUNCTION record.acts_on(wanted text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT wanted = record.setting('case_ref')
       AND (record.leads(wanted) OR record.receives(wanted) OR record.is_offered(wanted))
$$;

-- Sees a row that is private to one organisation, or to none.
CREATE FUNCTION record.may_know(private_to text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
    SELECT private_to IS NULL OR private_to = record.setting('org')
$$;

-- Has taken her on and may know how to reach her, or keeps that while she is asked whether a
-- withdrawal was hers.
CREATE FUNCTION record.may_reach(wanted text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT record.receives(wanted) AND (EXISTS (
        SELECT 1 FROM record.referral r WHERE r.case_ref = wanted
          AND r.organisation = record.setting('org') AND r.state IN ('accepted', 'active')
          AND 'safe_contact' = ANY ((
              SELECT CASE WHEN c.state IN ('given', 'expired') THEN c.fields ELSE '{}' END
              FROM record.consent c WHERE c.case_ref = wanted
                AND c.purpose = 'support_referral' AND c.recipient = r.service
              ORDER BY c.epoch DESC LIMIT 1)::text[]))
      OR EXISTS (
        SELECT 1 FROM record.withdrawal_check k WHERE k.case_ref = wanted
          AND k.asks = record.setting('org') AND k.state = 'open'
          AND k.line_until > transaction_timestamp()
          AND k.consents @? '$[*].fields[*] ? (@ == "safe_contact")'))
$$;

-- Holds the referral of that number, as the service it reached.
CREATE FUNCTION record.holds_referral(wanted text, wanted_number integer) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT record.receives(wanted) AND EXISTS (
        SELECT 1 FROM record.referral r WHERE r.case_ref = wanted AND r.number = wanted_number
          AND r.organisation = record.setting('org') AND r.delivery = 'acked')
$$;

-- The agency that accepted an offer leads from now on; the one before it no longer does.
CREATE FUNCTION record.take_lead(wanted text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    taker text := record.setting('org');
BEGIN
    IF NOT EXISTS (SELECT 1 FROM record.transfer t WHERE t.case_ref = wanted
            AND t.to_organisation = taker AND t.state = 'accepted'
            AND t.recorded_at >= transaction_timestamp()) THEN
        RAISE EXCEPTION 'no offer was accepted' USING ERRCODE = 'insufficient_privilege';
    END IF;
    UPDATE record.case_party SET until = clock_timestamp()
        WHERE case_ref = wanted AND role = 'lead' AND until IS NULL;
    INSERT INTO record.case_party (case_ref, organisation, role) VALUES (wanted, taker, 'lead')
        ON CONFLICT ON CONSTRAINT case_party_pk
        DO UPDATE SET role = 'lead', since = clock_timestamp(), until = NULL;
    UPDATE record.case_file SET owner = taker WHERE case_ref = wanted;
END $$;

REVOKE ALL ON FUNCTION record.is_offered(text), record.may_know(text), record.may_reach(text),
    record.holds_referral(text, integer), record.take_lead(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.is_offered(text), record.may_know(text), record.may_reach(text),
    record.holds_referral(text, integer), record.take_lead(text) TO sp_web;

-- Holds, conflicts and the NRM are moved by people alone; risk is graded through the worker alone.
GRANT SELECT, INSERT, UPDATE ON record.contact_plan, record.contact, record.withdrawal_check,
    record.marac, record.transfer TO sp_web, sp_journeys;
GRANT SELECT, INSERT, UPDATE ON record.hold, record.nrm TO sp_web;
GRANT SELECT, INSERT ON record.conflict TO sp_web;
GRANT SELECT, INSERT, UPDATE ON record.risk_assessment TO sp_journeys;
GRANT SELECT ON record.hold, record.nrm, record.conflict TO sp_journeys;
GRANT SELECT ON record.risk_assessment TO sp_web;
GRANT SELECT, INSERT ON record.case_link TO sp_web, sp_journeys;
GRANT SELECT, INSERT ON record.plan_word, record.plan_detail, record.service_reason TO sp_web;
GRANT SELECT ON record.plan_detail TO sp_journeys;
GRANT INSERT ON record.anonymous_notification TO sp_web;
GRANT SELECT ON record.anonymous_notification TO sp_audit;
GRANT INSERT ON record.withdrawal_post TO sp_web;
GRANT SELECT, UPDATE (done_at) ON record.withdrawal_post TO sp_journeys;
GRANT SELECT, INSERT ON record.staff_left TO sp_web;
GRANT SELECT, INSERT, UPDATE (proposed_by, confirmed_by, is_named, left_at) ON record.case_person
    TO sp_journeys;
GRANT UPDATE (proposed_by, confirmed_by, is_named, left_at) ON record.case_person TO sp_web;
GRANT SELECT ON record.withdrawal_check TO sp_audit;

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['record.contact_plan', 'record.plan_word', 'record.plan_detail',
        'record.contact', 'record.hold', 'record.withdrawal_check', 'record.withdrawal_post',
        'record.risk_assessment', 'record.marac', 'record.nrm', 'record.anonymous_notification',
        'record.conflict', 'record.transfer', 'record.case_link', 'record.service_reason',
        'record.staff_left']
    LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['record.contact_plan', 'record.plan_detail', 'record.contact',
        'record.hold', 'record.withdrawal_check', 'record.risk_assessment', 'record.marac',
        'record.nrm', 'record.conflict', 'record.transfer', 'record.case_person']
    LOOP
        EXECUTE format('CREATE POLICY worker ON %s TO sp_journeys '
            'USING (case_ref = record.setting(''case_ref'')) '
            'WITH CHECK (case_ref = record.setting(''case_ref''))', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['record.contact_plan', 'record.plan_word', 'record.contact',
        'record.withdrawal_check', 'record.risk_assessment', 'record.marac',
        'record.nrm', 'record.conflict']
    LOOP
        EXECUTE format('CREATE POLICY person ON %s TO sp_web '
            'USING (record.leads(case_ref) OR record.acts_on(case_ref)) '
            'WITH CHECK (record.acts_on(case_ref))', t);
    END LOOP;
END $$;

-- Who is too close to somebody steps back alone; to name one more is the worker's, for two people.
CREATE POLICY leaving ON record.case_person FOR UPDATE TO sp_web
    USING (record.leads_here(case_ref) AND organisation = record.setting('org')
        AND person = record.setting('person'))
    WITH CHECK (NOT is_named);

-- The mirror of a link belongs to the other case: both are written at once. In a closed case, which
-- no worker looks after, a person who leads both writes them.
CREATE POLICY worker ON record.case_link TO sp_journeys
    USING (record.setting('case_ref') IN (case_ref, other))
    WITH CHECK (record.setting('case_ref') IN (case_ref, other));
CREATE POLICY person ON record.case_link FOR SELECT TO sp_web
    USING (record.leads(case_ref) AND record.leads(other));
CREATE POLICY linking ON record.case_link FOR INSERT TO sp_web
    WITH CHECK (record.setting('case_ref') IN (case_ref, other)
        AND record.leads(case_ref) AND record.leads(other));

-- A hold is seen by everybody in the case, and placed and lifted by its own organisation.
CREATE POLICY person ON record.hold FOR SELECT TO sp_web
    USING (record.leads(case_ref) OR record.acts_on(case_ref));
CREATE POLICY hold_placing ON record.hold FOR INSERT TO sp_web
    WITH CHECK (record.acts_on(case_ref) AND organisation = record.setting('org'));
CREATE POLICY hold_lifting ON record.hold FOR UPDATE TO sp_web
    USING (record.acts_on(case_ref) AND organisation = record.setting('org'))
    WITH CHECK (organisation = record.setting('org'));

-- An offer is made by those who lead, and answered by whoever it was made to: nobody offers a case
-- to themselves.
CREATE POLICY person ON record.transfer TO sp_web
    USING (record.leads(case_ref) OR record.is_offered(case_ref))
    WITH CHECK (record.leads_here(case_ref)
        OR (record.acts_on(case_ref) AND record.is_offered(case_ref)
            AND to_organisation = record.setting('org')));

-- Details of a plan: for those who lead, and for a service that knows her and was passed them.
CREATE POLICY person ON record.plan_detail FOR SELECT TO sp_web
    USING (record.leads(case_ref) OR record.may_reach(case_ref));
CREATE POLICY setting ON record.plan_detail FOR INSERT TO sp_web
    WITH CHECK (record.leads_here(case_ref)
        OR (record.acts_on(case_ref) AND record.receives(case_ref)));

CREATE POLICY person ON record.service_reason TO sp_web
    USING (organisation = record.setting('org'))
    WITH CHECK (organisation = record.setting('org') AND record.receives(case_ref));

CREATE POLICY person ON record.anonymous_notification FOR INSERT TO sp_web
    WITH CHECK (true);
CREATE POLICY auditor ON record.anonymous_notification FOR SELECT TO sp_audit USING (true);

CREATE POLICY person ON record.withdrawal_post FOR INSERT TO sp_web
    WITH CHECK (organisation = record.setting('org') AND person = record.setting('person')
        AND role = record.setting('role'));
CREATE POLICY relay ON record.withdrawal_post TO sp_journeys USING (true) WITH CHECK (true);

CREATE POLICY person ON record.staff_left TO sp_web
    USING (organisation = record.setting('org')) WITH CHECK (organisation = record.setting('org'));
CREATE POLICY auditor ON record.withdrawal_check FOR SELECT TO sp_audit USING (true);

-- What is private to one organisation, and what a service sees of its own referrals.
DROP POLICY person ON record.deadline;
CREATE POLICY person ON record.deadline TO sp_web
    USING (record.may_know(private_to) AND (record.leads(case_ref) OR record.acts_on(case_ref)
        OR (referral IS NOT NULL AND record.holds_referral(case_ref, referral))))
    WITH CHECK (record.acts_on(case_ref) AND record.may_know(private_to));

DROP POLICY person ON record.task;
CREATE POLICY person ON record.task TO sp_web
    USING (record.may_know(private_to) AND (record.leads(case_ref) OR record.acts_on(case_ref)
        OR (organisation = record.setting('org')
            AND (record.receives(case_ref) OR record.is_offered(case_ref)))))
    WITH CHECK (record.acts_on(case_ref) AND record.may_know(private_to));

DROP POLICY person ON record.outbox;
CREATE POLICY person ON record.outbox TO sp_web
    USING (record.may_know(private_to) AND (record.leads(case_ref) OR record.acts_on(case_ref)))
    WITH CHECK (record.acts_on(case_ref) AND record.may_know(private_to));

ALTER TABLE audit.entry ADD COLUMN private_to text
    GENERATED ALWAYS AS (body::jsonb -> 'detail' ->> 'private_to') STORED;
DROP POLICY timeline ON audit.entry;
CREATE POLICY timeline ON audit.entry FOR SELECT TO sp_web
    USING (record.leads(case_ref) AND record.may_know(private_to));

-- An answer tells its giver what was done, and nobody else.
DROP POLICY person ON record.command_log;
CREATE POLICY person ON record.command_log TO sp_web
    USING ((record.leads(case_ref) OR record.acts_on(case_ref))
        AND actor = record.setting('role') || '@' || record.setting('org') || ':'
            || record.setting('person'))
    WITH CHECK (record.acts_on(case_ref));

-- A withdrawal that was not hers is undone by whoever asked her: a yes she had given before is put
-- back, in the transaction that answers an open check and in no other.
CREATE FUNCTION record.puts_back(wanted text, of_purpose text, to_recipient text, put text[])
RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT wanted = record.setting('case_ref') AND EXISTS (
        SELECT 1 FROM record.withdrawal_check k WHERE k.case_ref = wanted
          AND k.asks = record.setting('org') AND k.purpose = of_purpose
          AND k.state = 'it_was_not_her' AND k.recorded_at >= transaction_timestamp()
          AND k.line_until > transaction_timestamp())
      AND EXISTS (
        SELECT 1 FROM record.consent c WHERE c.case_ref = wanted AND c.purpose = of_purpose
          AND c.recipient = to_recipient AND c.state = 'given' AND put <@ c.fields)
$$;
REVOKE ALL ON FUNCTION record.puts_back(text, text, text, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.puts_back(text, text, text, text[]) TO sp_web;
CREATE POLICY putting_back ON record.consent FOR INSERT TO sp_web
    WITH CHECK (state = 'given' AND record.puts_back(case_ref, purpose, recipient, fields));
