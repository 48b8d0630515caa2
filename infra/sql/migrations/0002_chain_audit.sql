-- The audit: hash chains, one per room, append-only by grant and by trigger. A row is written in
-- the transaction of the change it speaks of. `body` is canonical JSON made by the application;
-- the chain's hash covers room, number, previous hash, time and body, so a verifier needs nothing
-- but these columns.

CREATE TABLE audit.head (
    room text   NOT NULL,
    seq  bigint NOT NULL,
    hash text   NOT NULL,
    CONSTRAINT head_pk PRIMARY KEY (room)
);

INSERT INTO audit.head (room, seq, hash) VALUES ('support', 0, repeat('0', 64));

CREATE TABLE audit.entry (
    room        text        NOT NULL,
    seq         bigint      NOT NULL,
    prev        text        NOT NULL,
    hash        text        NOT NULL,
    recorded_at timestamptz NOT NULL,
    body        text        NOT NULL,
    case_ref    text GENERATED ALWAYS AS (body::jsonb ->> 'case_ref') STORED,
    verb        text GENERATED ALWAYS AS (body::jsonb ->> 'verb') STORED,
    CONSTRAINT entry_pk PRIMARY KEY (room, seq)
);
CREATE INDEX entry_case_ix ON audit.entry (case_ref, seq);

CREATE FUNCTION audit.chain() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    head audit.head;
BEGIN
    SELECT * INTO STRICT head FROM audit.head WHERE room = NEW.room FOR UPDATE;
    NEW.seq := head.seq + 1;
    NEW.prev := head.hash;
    NEW.recorded_at := clock_timestamp();
    NEW.hash := encode(sha256(convert_to(concat_ws(E'\n', NEW.room, NEW.seq, NEW.prev,
        to_char(NEW.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        NEW.body), 'UTF8')), 'hex');
    UPDATE audit.head SET seq = NEW.seq, hash = NEW.hash WHERE room = NEW.room;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION audit.chain() FROM PUBLIC;

CREATE FUNCTION audit.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    RAISE EXCEPTION 'this table is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER entry_is_chained BEFORE INSERT ON audit.entry
    FOR EACH ROW EXECUTE FUNCTION audit.chain();
CREATE TRIGGER entry_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.entry
    FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER consultation_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON record.consultation FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER share_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON record.share FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER consent_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON record.consent FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
