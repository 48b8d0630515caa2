-- The sharing protocol as a force uses it: versions held, who signed what, the assessments and
-- agreements it rests on. It tells of a force's rules, never of a person it helps. Rows are added
-- and never changed; what ends is ended by another row.
--
-- Signatures are checked by whoever reads, against public keys that lie outside the database: a row
-- that somebody added or changed here makes a version inactive, and never an active one.

CREATE SCHEMA protocol;

-- What signatures name, so that none can be carried over from another deployment.
ALTER TABLE record.installation ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid();

-- Which version was active for the leading organisation when she was told. Null: before there was
-- one to be active, which reads as closed.
ALTER TABLE record.case_file
    ADD COLUMN told_protocol text,
    ADD CONSTRAINT case_file_told_protocol_is_an_id
        CHECK (told_protocol ~ '^[a-z][a-z0-9-]{1,63}$');

-- A version from when it was first adopted on: one id has one content, for ever.
CREATE TABLE protocol.version (
    id           text        NOT NULL,
    content      text        NOT NULL,
    content_hash text        NOT NULL,
    held_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT version_pk PRIMARY KEY (id),
    CONSTRAINT version_hash_of_its_content
        CHECK (content_hash = encode(sha256(convert_to(content, 'UTF8')), 'hex'))
);

-- What one person signed and another has yet to sign, over the baseline that was in use.
CREATE TABLE protocol.proposal (
    number       bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    organisation text        NOT NULL,
    version      text        NOT NULL,
    content      text        NOT NULL,
    content_hash text        NOT NULL,
    baseline     text        NOT NULL,
    dpia_id      text        NOT NULL,
    reason       text        NOT NULL,
    departs_from text[]      NOT NULL,
    first_by     text        NOT NULL,
    first_since  timestamptz NOT NULL,
    first_value  bytea       NOT NULL,
    proposed_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT proposal_pk PRIMARY KEY (number),
    CONSTRAINT proposal_hash_of_its_content
        CHECK (content_hash = encode(sha256(convert_to(content, 'UTF8')), 'hex')),
    CONSTRAINT proposal_by_its_own CHECK (starts_with(first_by, organisation || ':'))
);
CREATE INDEX proposal_organisation_ix ON protocol.proposal (organisation, number);

CREATE TABLE protocol.proposal_end (
    proposal bigint      NOT NULL,
    how      text        NOT NULL,
    ended_by text        NOT NULL,
    ended_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT proposal_end_pk PRIMARY KEY (proposal),
    CONSTRAINT proposal_end_proposal_fk FOREIGN KEY (proposal) REFERENCES protocol.proposal,
    CONSTRAINT proposal_end_known CHECK (how IN ('adopted', 'withdrawn'))
);

-- Which version a force uses, since when, why, who signed, and what it departs from.
CREATE TABLE protocol.adoption (
    number       bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    proposal     bigint      NOT NULL,
    organisation text        NOT NULL,
    version      text        NOT NULL,
    baseline     text        NOT NULL,
    dpia_id      text        NOT NULL,
    reason       text        NOT NULL,
    departs_from text[]      NOT NULL,
    first_by     text        NOT NULL,
    first_since  timestamptz NOT NULL,
    first_value  bytea       NOT NULL,
    second_by    text        NOT NULL,
    second_since timestamptz NOT NULL,
    second_value bytea       NOT NULL,
    adopted_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT adoption_pk PRIMARY KEY (number),
    CONSTRAINT adoption_once UNIQUE (proposal),
    CONSTRAINT adoption_proposal_fk FOREIGN KEY (proposal) REFERENCES protocol.proposal,
    CONSTRAINT adoption_version_fk FOREIGN KEY (version) REFERENCES protocol.version,
    CONSTRAINT adoption_signed_by_two CHECK (first_by <> second_by),
    CONSTRAINT adoption_by_its_own CHECK (starts_with(first_by, organisation || ':')
        AND starts_with(second_by, organisation || ':'))
);
CREATE INDEX adoption_organisation_ix ON protocol.adoption (organisation, number);

-- A version that is expected; the one in use stays. The newest row of an id counts.
CREATE TABLE protocol.awaited (
    number       bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    organisation text        NOT NULL,
    version      text        NOT NULL,
    title        text        NOT NULL,
    expected_on  date        NOT NULL,
    owner        text        NOT NULL,
    is_dropped   boolean     NOT NULL,
    noted_by     text        NOT NULL,
    noted_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT awaited_pk PRIMARY KEY (number)
);

-- Data protection impact assessments. The newest row of an id counts.
CREATE TABLE protocol.assessment (
    number       bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    organisation text        NOT NULL,
    id           text        NOT NULL,
    title        text        NOT NULL,
    review_by    date        NOT NULL,
    recorded_by  text        NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT assessment_pk PRIMARY KEY (number)
);

-- Agreements, each for the party that recorded it. The newest row of an id counts.
CREATE TABLE protocol.agreement (
    number       bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    organisation text        NOT NULL,
    id           text        NOT NULL,
    parties      text[]      NOT NULL,
    signed_on    date        NOT NULL,
    expires_on   date        NOT NULL,
    recorded_by  text        NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT agreement_pk PRIMARY KEY (number),
    CONSTRAINT agreement_of_a_party
        CHECK (organisation = ANY (parties) AND cardinality(parties) > 1),
    CONSTRAINT agreement_ends_after_it_began CHECK (expires_on > signed_on)
);

-- Which reminders of an agreement's end went out, each once. An agreement that was prolonged has a
-- row of its own, and is reminded of anew.
CREATE TABLE protocol.reminder (
    agreement   bigint      NOT NULL,
    days_before integer     NOT NULL,
    posted_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT reminder_pk PRIMARY KEY (agreement, days_before),
    CONSTRAINT reminder_agreement_fk FOREIGN KEY (agreement) REFERENCES protocol.agreement
);

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['version', 'proposal', 'proposal_end', 'adoption', 'awaited',
        'assessment', 'agreement', 'reminder']
    LOOP
        EXECUTE format('CREATE TRIGGER %s_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE '
            'ON protocol.%s FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change()', t, t);
        EXECUTE format('ALTER TABLE protocol.%s ENABLE ROW LEVEL SECURITY', t);
    END LOOP;
    -- What holds for everybody may be read by everybody.
    FOREACH t IN ARRAY ARRAY['version', 'proposal', 'proposal_end', 'adoption', 'awaited',
        'assessment', 'agreement']
    LOOP
        EXECUTE format('CREATE POLICY person ON protocol.%s FOR SELECT TO sp_web USING (true)', t);
    END LOOP;
END $$;

-- It is signed in one's own name, for one's own organisation, with the role that may.
CREATE FUNCTION protocol.acts(wanted text, person text, needed text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
    SELECT wanted = record.setting('org') AND person = record.who()
       AND needed = record.setting('role')
$$;

-- Whose a proposal is, and that it waits: nobody ends what is not their organisation's.
CREATE FUNCTION protocol.may_end(wanted bigint, outcome text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
    SELECT EXISTS (SELECT 1 FROM protocol.proposal p WHERE p.number = wanted
        AND p.organisation = record.setting('org') AND record.setting('role') = 'protocol_owner'
        AND (outcome = 'withdrawn') = (p.first_by = record.who()))
$$;

REVOKE ALL ON FUNCTION protocol.acts(text, text, text), protocol.may_end(bigint, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION protocol.acts(text, text, text), protocol.may_end(bigint, text) TO sp_web;
GRANT USAGE ON SCHEMA protocol TO sp_web, sp_journeys;
GRANT SELECT ON protocol.version, protocol.proposal, protocol.proposal_end, protocol.adoption,
    protocol.awaited, protocol.assessment, protocol.agreement TO sp_web;
GRANT INSERT (id, content, content_hash) ON protocol.version TO sp_web;
GRANT INSERT (organisation, version, content, content_hash, baseline, dpia_id, reason, departs_from,
    first_by, first_since, first_value) ON protocol.proposal TO sp_web;
GRANT INSERT (proposal, how, ended_by) ON protocol.proposal_end TO sp_web;
GRANT INSERT (proposal, organisation, version, baseline, dpia_id, reason, departs_from, first_by,
    first_since, first_value, second_by, second_since, second_value) ON protocol.adoption TO sp_web;
GRANT INSERT (organisation, version, title, expected_on, owner, is_dropped, noted_by)
    ON protocol.awaited TO sp_web;
GRANT INSERT (organisation, id, title, review_by, recorded_by) ON protocol.assessment TO sp_web;
GRANT INSERT (organisation, id, parties, signed_on, expires_on, recorded_by)
    ON protocol.agreement TO sp_web;
GRANT SELECT ON protocol.agreement, protocol.reminder TO sp_journeys;
GRANT INSERT (agreement, days_before) ON protocol.reminder TO sp_journeys;

CREATE POLICY signing ON protocol.version FOR INSERT TO sp_web
    WITH CHECK (record.setting('role') = 'protocol_owner');
CREATE POLICY signing ON protocol.proposal FOR INSERT TO sp_web
    WITH CHECK (protocol.acts(organisation, first_by, 'protocol_owner'));
CREATE POLICY signing ON protocol.proposal_end FOR INSERT TO sp_web
    WITH CHECK (ended_by = record.who() AND protocol.may_end(proposal, how));
CREATE POLICY signing ON protocol.adoption FOR INSERT TO sp_web
    WITH CHECK (protocol.acts(organisation, second_by, 'protocol_owner'));
CREATE POLICY awaiting ON protocol.awaited FOR INSERT TO sp_web
    WITH CHECK (protocol.acts(organisation, noted_by, 'protocol_owner'));
CREATE POLICY assessing ON protocol.assessment FOR INSERT TO sp_web
    WITH CHECK (protocol.acts(organisation, recorded_by, 'dpo'));
CREATE POLICY agreeing ON protocol.agreement FOR INSERT TO sp_web
    WITH CHECK (protocol.acts(organisation, recorded_by, 'info_sharing_spoc'));
CREATE POLICY relay ON protocol.agreement FOR SELECT TO sp_journeys USING (true);
CREATE POLICY relay ON protocol.reminder TO sp_journeys USING (true) WITH CHECK (true);
