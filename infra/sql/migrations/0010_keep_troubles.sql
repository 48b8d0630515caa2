-- What keeps failing, for those who repair it; and cases of which nothing goes out for now.
-- References, codes and times: nothing that anybody said or is.

-- One row for each step of a workflow that keeps failing. A row that was settled begins anew when
-- the step fails again. `asked` is a repair that a worker has to make: whoever asks has no keys.
CREATE TABLE record.trouble (
    workflow_id text        NOT NULL,
    step        text        NOT NULL,
    case_ref    text        NOT NULL,
    code        text        NOT NULL,
    attempts    integer     NOT NULL,
    since       timestamptz NOT NULL,
    seen_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    alerted_at  timestamptz,
    asked       text,
    settled_at  timestamptz,
    CONSTRAINT trouble_pk PRIMARY KEY (workflow_id, step),
    CONSTRAINT trouble_of_its_case CHECK (starts_with(workflow_id, 'case/' || case_ref || '/')),
    CONSTRAINT trouble_says_codes CHECK (step ~ '^[A-Za-z_]{1,60}$' AND code ~ '^[A-Za-z_]{1,60}$'),
    CONSTRAINT trouble_asked_known CHECK (asked IN ('retry', 'redrive')),
    CONSTRAINT trouble_attempts_counted CHECK (attempts > 0)
);
CREATE INDEX trouble_open_ix ON record.trouble (since) WHERE settled_at IS NULL;

-- Nothing of her goes out of such a case by itself: no packet to a service, no text to her. What
-- people do goes on, and so does every stop, deadline and notice to staff.
CREATE TABLE record.pause (
    case_ref  text        NOT NULL,
    paused_by text        NOT NULL,
    reason    text        NOT NULL,
    ticket    text,
    paused_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    lifted_at timestamptz,
    CONSTRAINT pause_pk PRIMARY KEY (case_ref),
    CONSTRAINT pause_case_fk FOREIGN KEY (case_ref) REFERENCES record.case_file,
    CONSTRAINT pause_says_codes CHECK (reason ~ '^[a-z_]{1,40}$' AND ticket ~ '^[A-Z0-9-]{1,32}$')
);

-- Cases whose clockwork has to run, with whoever leads them: for the worker, which looks whether
-- each of them has one. A closed case has one while a notice of its own is left to post.
CREATE FUNCTION record.under_way() RETURNS TABLE (case_ref text, owner text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT c.case_ref, c.owner FROM record.case_file c
    WHERE c.stage <> 'closed' OR EXISTS (
        SELECT 1 FROM record.outbox o WHERE o.case_ref = c.case_ref AND o.state = 'queued'
          AND o.referral IS NULL AND o.recorded_at < transaction_timestamp() - interval '2 minutes')
$$;

REVOKE ALL ON FUNCTION record.under_way() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.under_way() TO sp_journeys;

GRANT SELECT, INSERT, UPDATE (code, attempts, since, seen_at, alerted_at, asked, settled_at)
    ON record.trouble TO sp_journeys;
GRANT SELECT, UPDATE (asked) ON record.trouble TO sp_web;
GRANT SELECT, DELETE ON record.pause TO sp_journeys;
GRANT SELECT, INSERT (case_ref, paused_by, reason, ticket),
    UPDATE (paused_by, reason, ticket, paused_at, lifted_at) ON record.pause TO sp_web;

ALTER TABLE record.trouble ENABLE ROW LEVEL SECURITY;
ALTER TABLE record.pause ENABLE ROW LEVEL SECURITY;

CREATE POLICY relay ON record.trouble TO sp_journeys USING (true) WITH CHECK (true);
CREATE POLICY repair ON record.trouble TO sp_web
    USING (record.setting('role') = 'ops') WITH CHECK (record.setting('role') = 'ops');
CREATE POLICY person ON record.trouble FOR SELECT TO sp_web USING (record.leads(case_ref));

CREATE POLICY worker ON record.pause FOR SELECT TO sp_journeys
    USING (case_ref = record.setting('case_ref'));
CREATE POLICY relay ON record.pause TO sp_journeys USING (lifted_at IS NOT NULL);
CREATE POLICY repair ON record.pause TO sp_web
    USING (record.setting('role') = 'ops')
    WITH CHECK (record.setting('role') = 'ops'
        AND paused_by = record.setting('role') || '@' || record.who());
CREATE POLICY person ON record.pause FOR SELECT TO sp_web
    USING (record.leads(case_ref) OR record.acts_on(case_ref));
