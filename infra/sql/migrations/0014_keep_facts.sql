-- Schema gate: what people say of facts that a sharing protocol reads, and what the protocol said to
-- a case. `sp_gate` alone reads it. Outside this schema nothing tells that anything is in it, so its
-- audit is here too: a chain of its own, that numbers and hashes no row of another room.

CREATE SCHEMA gate;

-- What one person said of one fact, in their own name. Never changed; erased with its case.
CREATE TABLE gate.assertion (
    id           uuid        NOT NULL DEFAULT gen_random_uuid(),
    case_ref     text        NOT NULL,
    fact         text        NOT NULL,
    value        jsonb       NOT NULL,
    role         text        NOT NULL,
    organisation text        NOT NULL,
    person       text        NOT NULL,
    source       text        NOT NULL,
    evidence     text,
    until        timestamptz,
    supersedes   uuid,
    recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT assertion_pk PRIMARY KEY (id),
    CONSTRAINT assertion_says_codes CHECK (fact ~ '^[a-z_]{1,40}$'
        AND evidence ~ '^[A-Z0-9][A-Z0-9/-]{0,39}$' AND length(value::text) <= 2000),
    CONSTRAINT assertion_source_known CHECK (source IN ('conversation', 'document', 'assessment',
        'own_records', 'observation', 'legal_advice', 'agreement')),
    CONSTRAINT assertion_ends_later CHECK (until > recorded_at)
);
CREATE INDEX assertion_case_ix ON gate.assertion (case_ref);

-- What the protocol said to a case, when, to whom, and on what: codes, hashes and times.
CREATE TABLE gate.evaluation (
    id                  uuid        NOT NULL DEFAULT gen_random_uuid(),
    case_ref            text        NOT NULL,
    role                text        NOT NULL,
    organisation        text        NOT NULL,
    person              text        NOT NULL,
    evaluated_at        timestamptz NOT NULL,
    version             text        NOT NULL,
    told_versions       text[]      NOT NULL,
    told_text           text        NOT NULL,
    outcome             text        NOT NULL,
    rules               jsonb       NOT NULL,
    needs               text[]      NOT NULL,
    requested_fields    text[]      NOT NULL,
    victim_informed     text        NOT NULL,
    victim_informed_at  timestamptz,
    third_party_link    text        NOT NULL,
    third_party_link_at timestamptz,
    protocol_hash       text        NOT NULL,
    facts_hash          text        NOT NULL,
    recorded_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT evaluation_pk PRIMARY KEY (id),
    CONSTRAINT evaluation_outcome_known CHECK (outcome IN ('deny', 'needs_facts', 'eligible'))
);
CREATE INDEX evaluation_case_ix ON gate.evaluation (case_ref, organisation, person);
CREATE INDEX evaluation_time_ix ON gate.evaluation (evaluated_at);

-- That one person asked more often of one case than is usual: told to their data protection officer.
CREATE TABLE gate.alert (
    case_ref     text        NOT NULL,
    organisation text        NOT NULL,
    person       text        NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT alert_pk PRIMARY KEY (case_ref, organisation, person)
);

CREATE TABLE gate.head (
    room text   NOT NULL,
    seq  bigint NOT NULL,
    hash text   NOT NULL,
    CONSTRAINT gate_head_pk PRIMARY KEY (room)
);
INSERT INTO gate.head (room, seq, hash) VALUES ('gate', 0, repeat('0', 64));

CREATE TABLE gate.entry (
    room        text        NOT NULL,
    seq         bigint      NOT NULL,
    prev        text        NOT NULL,
    hash        text        NOT NULL,
    recorded_at timestamptz NOT NULL,
    body        text        NOT NULL,
    CONSTRAINT gate_entry_pk PRIMARY KEY (room, seq)
);

CREATE FUNCTION gate.chain() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    head gate.head;
BEGIN
    SELECT * INTO STRICT head FROM gate.head WHERE room = NEW.room FOR UPDATE;
    NEW.seq := head.seq + 1;
    NEW.prev := head.hash;
    NEW.recorded_at := clock_timestamp();
    NEW.hash := encode(sha256(convert_to(concat_ws(E'\n', NEW.room, NEW.seq, NEW.prev,
        to_char(NEW.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        NEW.body), 'UTF8')), 'hex');
    UPDATE gate.head SET seq = NEW.seq, hash = NEW.hash WHERE room = NEW.room;
    RETURN NEW;
END $$;

-- A row of a case goes only once two people have decided to erase the case; the audit never does.
CREATE FUNCTION gate.keep() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF TG_OP = 'DELETE' AND TG_LEVEL = 'ROW' AND record.is_over_for_good(OLD.case_ref) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'this table is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;

-- Nothing is added to a case that two people decided to erase, and none is decided meanwhile.
CREATE FUNCTION gate.admit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF NOT record.may_wake(NEW.case_ref) THEN
        RAISE EXCEPTION 'the case was erased' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['assertion', 'evaluation', 'alert']
    LOOP
        EXECUTE format('CREATE TRIGGER %s_is_admitted BEFORE INSERT ON gate.%s '
            'FOR EACH ROW EXECUTE FUNCTION gate.admit()', t, t);
        EXECUTE format('CREATE TRIGGER %s_is_kept BEFORE UPDATE OR DELETE ON gate.%s '
            'FOR EACH ROW EXECUTE FUNCTION gate.keep()', t, t);
        EXECUTE format('CREATE TRIGGER %s_stays BEFORE TRUNCATE ON gate.%s '
            'FOR EACH STATEMENT EXECUTE FUNCTION gate.keep()', t, t);
    END LOOP;
END $$;
CREATE TRIGGER entry_is_chained BEFORE INSERT ON gate.entry
    FOR EACH ROW EXECUTE FUNCTION gate.chain();
CREATE TRIGGER entry_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON gate.entry
    FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();

-- An audit row of this room, in the name of whoever this transaction belongs to.
CREATE FUNCTION gate.note(audited text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF (audited::jsonb #>> '{actor,organisation}', audited::jsonb #>> '{actor,person}',
            audited::jsonb #>> '{actor,role}') IS DISTINCT FROM
            (record.setting('org'), record.setting('person'), record.setting('role')) THEN
        RAISE EXCEPTION 'one speaks in one''s own name' USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO gate.entry (room, body) VALUES ('gate', audited);
END $$;

-- Add what somebody says of a case that they may work on. Whoever adds sees nothing of what is
-- there, their own organisation's words neither. `id` is null where it was not kept; `refused` says
-- why: there is no such case for them, or what it would replace is not their organisation's.
CREATE FUNCTION gate.assert_fact(
    wanted text, of_fact text, said jsonb, from_source text, with_evidence text, ends timestamptz,
    instead_of uuid, audited text, OUT id uuid, OUT refused text
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF NOT record.acts_on(wanted) THEN
        refused := 'not_visible';
    ELSIF instead_of IS NOT NULL AND NOT EXISTS (SELECT 1 FROM gate.assertion a
            WHERE a.id = instead_of AND a.case_ref = wanted AND a.fact = of_fact
              AND a.organisation = record.setting('org')) THEN
        refused := 'not_yours';
    ELSE
        INSERT INTO gate.assertion AS a (case_ref, fact, value, role, organisation, person, source,
                evidence, until, supersedes)
            VALUES (wanted, of_fact, said, record.setting('role'), record.setting('org'),
                record.setting('person'), from_source, with_evidence, ends, instead_of)
            RETURNING a.id INTO id;
        PERFORM gate.note(audited);
    END IF;
END $$;

-- The rows of a case go before its key does, in the transaction that erases it.
CREATE FUNCTION gate.forget() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    DELETE FROM gate.assertion WHERE case_ref = NEW.case_ref;
    DELETE FROM gate.evaluation WHERE case_ref = NEW.case_ref;
    DELETE FROM gate.alert WHERE case_ref = NEW.case_ref;
    RETURN NEW;
END $$;
CREATE TRIGGER erasure_is_whole BEFORE UPDATE ON record.erasure
    FOR EACH ROW WHEN (OLD.state = 'confirmed' AND NEW.state = 'erased')
    EXECUTE FUNCTION gate.forget();

REVOKE ALL ON FUNCTION gate.chain(), gate.keep(), gate.admit(), gate.note(text), gate.forget(),
    gate.assert_fact(text, text, jsonb, text, text, timestamptz, uuid, text) FROM PUBLIC;
GRANT USAGE ON SCHEMA gate TO sp_gate, sp_web;
GRANT EXECUTE ON FUNCTION gate.note(text),
    gate.assert_fact(text, text, jsonb, text, text, timestamptz, uuid, text) TO sp_web;
GRANT SELECT ON gate.assertion, gate.evaluation, gate.alert, gate.entry, gate.head TO sp_gate;
GRANT INSERT (case_ref, role, organisation, person, evaluated_at, version, told_versions, told_text,
    outcome, rules, needs, requested_fields, victim_informed, victim_informed_at, third_party_link,
    third_party_link_at, protocol_hash, facts_hash) ON gate.evaluation TO sp_gate;
GRANT INSERT (case_ref, organisation, person) ON gate.alert TO sp_gate;
GRANT INSERT (room, body) ON gate.entry TO sp_gate;

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['assertion', 'evaluation', 'alert', 'entry', 'head']
    LOOP
        EXECUTE format('ALTER TABLE gate.%s ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY gate ON gate.%s TO sp_gate USING (true) WITH CHECK (true)', t);
    END LOOP;
END $$;
