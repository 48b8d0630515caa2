-- That there is a restricted case at all is for those who may see it: not for the other people
-- of the organisations that are its parties. (While a case is opened, it is there for nobody yet.)

DROP POLICY person ON record.case_party;
CREATE POLICY person ON record.case_party FOR SELECT TO sp_web
    USING (organisation = record.setting('org')
        AND (record.leads(case_ref) OR record.receives(case_ref) OR record.is_new_case(case_ref)));
