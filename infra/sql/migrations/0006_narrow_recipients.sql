-- What a service's transaction may write in the case it acts on: its own referrals, and, because
-- a withdrawal it passes on reaches every service, the end of others' and of consent. It can never
-- say yes for anybody, add a need, or read the answers others were given.

CREATE FUNCTION record.leads_here(wanted text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT wanted = record.setting('case_ref') AND record.leads(wanted)
$$;
REVOKE ALL ON FUNCTION record.leads_here(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.leads_here(text) TO sp_web;

DROP POLICY person ON record.consent;
CREATE POLICY person ON record.consent TO sp_web
    USING (record.leads(case_ref) OR record.acts_on(case_ref))
    WITH CHECK (record.leads_here(case_ref) OR (record.acts_on(case_ref) AND state = 'withdrawn'));

DROP POLICY person ON record.referral;
CREATE POLICY person ON record.referral TO sp_web
    USING (record.leads(case_ref) OR record.acts_on(case_ref)
        OR (organisation = record.setting('org') AND record.receives(case_ref)
            AND delivery = 'acked'))
    WITH CHECK (record.leads_here(case_ref) OR (record.acts_on(case_ref)
        AND (organisation = record.setting('org') OR consent = 'withdrawn')));

DROP POLICY person ON record.command_log;
CREATE POLICY person ON record.command_log TO sp_web
    USING (record.leads(case_ref) OR (record.acts_on(case_ref) AND actor = record.setting('role')
        || '@' || record.setting('org') || ':' || record.setting('person')))
    WITH CHECK (record.acts_on(case_ref));
