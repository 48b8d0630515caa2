-- Who sees which row. A person's transaction sets app.org, app.person and app.role; a transaction
-- that works on one case also sets app.case_ref. A worker sets app.case_ref alone.
--
-- Row security is not forced on sp_owner: it owns these tables, runs migrations and the functions
-- below, and no process of the service connects as it.

CREATE FUNCTION record.setting(name text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
    SELECT nullif(current_setting('app.' || name, true), '')
$$;

-- Leads the case, and is named where the case is restricted: may see all of it.
CREATE FUNCTION record.leads(wanted text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT EXISTS (
        SELECT 1 FROM record.case_party p JOIN record.case_file c USING (case_ref)
        WHERE p.case_ref = wanted AND p.role = 'lead' AND p.until IS NULL
          AND p.organisation = record.setting('org')
          AND (NOT c.is_restricted OR EXISTS (
              SELECT 1 FROM record.case_person n
              WHERE n.case_ref = wanted AND n.organisation = p.organisation
                AND n.person = record.setting('person'))))
$$;

-- Holds a referral of the case. Of a restricted case, the NGO's supervisor alone does.
CREATE FUNCTION record.receives(wanted text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT EXISTS (
        SELECT 1 FROM record.case_party p JOIN record.case_file c USING (case_ref)
        WHERE p.case_ref = wanted AND p.role = 'recipient' AND p.until IS NULL
          AND p.organisation = record.setting('org')
          AND (NOT c.is_restricted OR record.setting('role') = 'ngo_supervisor'))
$$;

-- May act on the case it named for this transaction; what it may do there, rules decide.
CREATE FUNCTION record.acts_on(wanted text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT wanted = record.setting('case_ref') AND (record.leads(wanted) OR record.receives(wanted))
$$;

CREATE FUNCTION record.is_new_case(wanted text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT NOT EXISTS (SELECT 1 FROM record.case_file WHERE case_ref = wanted)
$$;

GRANT USAGE ON SCHEMA record, vault, audit, directory TO sp_web, sp_journeys;
GRANT USAGE ON SCHEMA record, audit TO sp_audit;
GRANT USAGE ON SCHEMA record TO sp_gate;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA record FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA record TO sp_web, sp_journeys;
GRANT SELECT ON record.installation TO sp_web, sp_journeys, sp_audit, sp_gate;

GRANT SELECT ON directory.service TO sp_web, sp_journeys;
GRANT INSERT, UPDATE ON directory.service TO sp_web;

GRANT SELECT, INSERT, UPDATE ON record.case_file, record.need, record.referral, record.deadline,
    record.task, record.outbox TO sp_web, sp_journeys;
GRANT SELECT, INSERT ON record.consent, record.share, record.command_log TO sp_web, sp_journeys;
GRANT SELECT, INSERT ON record.case_party, record.inbox_item TO sp_journeys;
GRANT SELECT, INSERT ON record.case_party, record.case_person, record.case_text,
    record.organisation_note, record.consultation TO sp_web;
GRANT SELECT ON record.inbox_item TO sp_web;
GRANT SELECT ON record.case_text TO sp_journeys;
GRANT SELECT, INSERT, UPDATE (done_at) ON record.wake TO sp_web, sp_journeys;
GRANT SELECT, INSERT ON vault.case_key, vault.organisation_key TO sp_web;
GRANT SELECT ON vault.case_key TO sp_journeys;
GRANT SELECT ON record.consultation, record.share TO sp_audit;
GRANT INSERT (room, body), SELECT ON audit.entry TO sp_web, sp_journeys;
GRANT SELECT ON audit.entry, audit.head TO sp_audit;

-- The worker: the case it is working on, and nothing else.
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['record.case_file', 'record.case_party', 'record.case_person',
        'record.case_text', 'record.organisation_note', 'record.consent', 'record.need',
        'record.referral', 'record.deadline', 'record.task', 'record.outbox', 'record.inbox_item',
        'record.share', 'record.consultation', 'record.command_log', 'record.wake',
        'vault.case_key', 'vault.organisation_key', 'audit.entry']
    LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['record.case_file', 'record.case_party', 'record.case_text',
        'record.consent', 'record.need', 'record.referral', 'record.deadline', 'record.task',
        'record.outbox', 'record.inbox_item', 'record.share', 'record.command_log',
        'vault.case_key']
    LOOP
        EXECUTE format('CREATE POLICY worker ON %s TO sp_journeys '
            'USING (case_ref = record.setting(''case_ref'')) '
            'WITH CHECK (case_ref = record.setting(''case_ref''))', t);
    END LOOP;
    -- A person: cases her organisation leads, and the case this transaction acts on.
    FOREACH t IN ARRAY ARRAY['record.case_file', 'record.consent', 'record.need',
        'record.deadline', 'record.task', 'record.outbox', 'record.share', 'record.command_log']
    LOOP
        EXECUTE format('CREATE POLICY person ON %s TO sp_web '
            'USING (record.leads(case_ref) OR record.acts_on(case_ref)) '
            'WITH CHECK (record.acts_on(case_ref))', t);
    END LOOP;
END $$;

CREATE POLICY opening ON record.case_file FOR INSERT TO sp_web
    WITH CHECK (owner = record.setting('org') AND case_ref = record.setting('case_ref'));

CREATE POLICY person ON record.case_party FOR SELECT TO sp_web
    USING (organisation = record.setting('org'));
CREATE POLICY opening ON record.case_party FOR INSERT TO sp_web
    WITH CHECK (role = 'lead' AND organisation = record.setting('org')
        AND case_ref = record.setting('case_ref') AND record.is_new_case(case_ref));

CREATE POLICY person ON record.case_person FOR SELECT TO sp_web
    USING (record.leads(case_ref));
CREATE POLICY opening ON record.case_person FOR INSERT TO sp_web
    WITH CHECK (organisation = record.setting('org') AND case_ref = record.setting('case_ref')
        AND record.is_new_case(case_ref));

CREATE POLICY person ON record.case_text TO sp_web
    USING (record.leads(case_ref)) WITH CHECK (record.leads(case_ref));

CREATE POLICY person ON record.referral TO sp_web
    USING (record.leads(case_ref) OR record.acts_on(case_ref)
        OR (organisation = record.setting('org') AND record.receives(case_ref)
            AND delivery = 'acked'))
    WITH CHECK (record.acts_on(case_ref));

CREATE POLICY person ON record.inbox_item FOR SELECT TO sp_web
    USING (organisation = record.setting('org')
        AND (NOT is_restricted OR record.setting('role') = 'ngo_supervisor'));

-- An organisation's own notes: its own eyes only, whoever leads the case.
CREATE POLICY person ON record.organisation_note TO sp_web
    USING (organisation = record.setting('org')
        AND (record.leads(case_ref) OR record.receives(case_ref)))
    WITH CHECK (organisation = record.setting('org')
        AND (record.leads(case_ref) OR record.receives(case_ref)));
CREATE POLICY person ON vault.organisation_key TO sp_web
    USING (organisation = record.setting('org')) WITH CHECK (organisation = record.setting('org'));

CREATE POLICY person ON vault.case_key FOR SELECT TO sp_web
    USING (record.leads(case_ref) OR record.receives(case_ref));
CREATE POLICY opening ON vault.case_key FOR INSERT TO sp_web
    WITH CHECK (case_ref = record.setting('case_ref') AND record.is_new_case(case_ref));

CREATE POLICY person ON record.consultation TO sp_web
    USING (organisation = record.setting('org') AND record.leads(case_ref))
    WITH CHECK (organisation = record.setting('org')
        AND (record.leads(case_ref) OR record.receives(case_ref)));
CREATE POLICY auditor ON record.consultation FOR SELECT TO sp_audit USING (true);
CREATE POLICY auditor ON record.share FOR SELECT TO sp_audit USING (true);

-- Wakes carry a workflow id and nothing else; the worker's relay sends those left over.
CREATE POLICY relay ON record.wake TO sp_journeys USING (true) WITH CHECK (true);
CREATE POLICY person ON record.wake TO sp_web
    USING (record.acts_on(case_ref)) WITH CHECK (record.acts_on(case_ref));

CREATE POLICY append ON audit.entry FOR INSERT TO sp_web, sp_journeys WITH CHECK (true);
CREATE POLICY timeline ON audit.entry FOR SELECT TO sp_web USING (record.leads(case_ref));
CREATE POLICY auditor ON audit.entry FOR SELECT TO sp_audit USING (true);
