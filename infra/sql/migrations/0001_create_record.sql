-- The record: what is decided and known of a case. No column holds personal text in clear;
-- sealed columns are bytea and say so in their name.
--
-- Two times everywhere: occurred_at (in the world) and recorded_at (here).

CREATE SCHEMA record;
CREATE SCHEMA vault;
CREATE SCHEMA audit;
CREATE SCHEMA directory;

CREATE TABLE record.installation (
    singleton   boolean     NOT NULL DEFAULT true,
    is_embedded boolean     NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT installation_pk PRIMARY KEY (singleton),
    CONSTRAINT installation_is_one CHECK (singleton)
);

CREATE TABLE directory.service (
    code              text        NOT NULL,
    source_id         text        NOT NULL,
    name              text        NOT NULL,
    organisation      text        NOT NULL,
    organisation_name text        NOT NULL,
    description       text        NOT NULL,
    status            text        NOT NULL,
    languages         text[]      NOT NULL,
    areas             text[]      NOT NULL,
    assured_on        date,
    recorded_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT service_pk PRIMARY KEY (code),
    CONSTRAINT service_source_id_unique UNIQUE (source_id),
    CONSTRAINT service_status_known
        CHECK (status IN ('active', 'inactive', 'defunct', 'temporarily closed'))
);
CREATE INDEX service_organisation_ix ON directory.service (organisation);

CREATE TABLE record.case_file (
    case_ref          text        NOT NULL,
    version           integer     NOT NULL DEFAULT 1,
    stage             text        NOT NULL,
    subject           text        NOT NULL,
    channel           text        NOT NULL,
    is_restricted     boolean     NOT NULL,
    owner             text        NOT NULL,
    profile           text        NOT NULL,
    told_version      text        NOT NULL,
    told_language     text        NOT NULL,
    told_text         text        NOT NULL,
    told_at           timestamptz NOT NULL,
    first_question_at timestamptz NOT NULL,
    safety_confirmed  boolean     NOT NULL,
    closing_reason    text,
    closing_asked_by  text,
    occurred_at       timestamptz NOT NULL,
    recorded_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT case_file_pk PRIMARY KEY (case_ref),
    CONSTRAINT case_file_told_first CHECK (told_at <= first_question_at),
    CONSTRAINT case_file_stage_known
        CHECK (stage IN ('safety_check', 'open', 'closing_review', 'closed')),
    CONSTRAINT case_file_subject_known CHECK (subject IN ('victim', 'witness', 'both')),
    CONSTRAINT case_file_closed_has_reason CHECK (stage <> 'closed' OR closing_reason IS NOT NULL)
);

CREATE TABLE record.case_party (
    case_ref     text        NOT NULL,
    organisation text        NOT NULL,
    role         text        NOT NULL,
    since        timestamptz NOT NULL DEFAULT clock_timestamp(),
    until        timestamptz,
    CONSTRAINT case_party_pk PRIMARY KEY (case_ref, organisation),
    CONSTRAINT case_party_case_fk FOREIGN KEY (case_ref) REFERENCES record.case_file
        DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT case_party_role_known CHECK (role IN ('lead', 'recipient'))
);
CREATE INDEX case_party_organisation_ix ON record.case_party (organisation);

CREATE TABLE record.case_person (
    case_ref     text NOT NULL,
    organisation text NOT NULL,
    person       text NOT NULL,
    CONSTRAINT case_person_pk PRIMARY KEY (case_ref, organisation, person),
    CONSTRAINT case_person_case_fk FOREIGN KEY (case_ref) REFERENCES record.case_file
        DEFERRABLE INITIALLY DEFERRED
);

CREATE TABLE record.case_text (
    case_ref    text        NOT NULL,
    field       text        NOT NULL,
    version     integer     NOT NULL,
    sealed      bytea       NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT case_text_pk PRIMARY KEY (case_ref, field, version),
    CONSTRAINT case_text_case_fk FOREIGN KEY (case_ref) REFERENCES record.case_file
);

CREATE TABLE record.organisation_note (
    id           uuid        NOT NULL DEFAULT gen_random_uuid(),
    case_ref     text        NOT NULL,
    organisation text        NOT NULL,
    person       text        NOT NULL,
    role         text        NOT NULL,
    referral     integer,
    sealed       bytea       NOT NULL,
    occurred_at  timestamptz NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT organisation_note_pk PRIMARY KEY (id),
    CONSTRAINT organisation_note_case_fk FOREIGN KEY (case_ref) REFERENCES record.case_file
);
CREATE INDEX organisation_note_case_ix ON record.organisation_note (case_ref, organisation);

CREATE TABLE record.consent (
    case_ref    text        NOT NULL,
    purpose     text        NOT NULL,
    recipient   text        NOT NULL,
    epoch       integer     NOT NULL,
    state       text        NOT NULL,
    fields      text[]      NOT NULL,
    occurred_at timestamptz NOT NULL,
    expires_at  timestamptz,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT consent_pk PRIMARY KEY (case_ref, purpose, recipient, epoch),
    CONSTRAINT consent_case_fk FOREIGN KEY (case_ref) REFERENCES record.case_file,
    CONSTRAINT consent_state_known CHECK (state IN ('not_asked', 'asked', 'reflecting', 'given',
        'refused', 'withdrawn', 'expired', 'not_capable')),
    CONSTRAINT consent_given_has_fields
        CHECK (state <> 'given' OR (cardinality(fields) > 0 AND expires_at IS NOT NULL))
);

CREATE TABLE record.need (
    case_ref    text        NOT NULL,
    number      integer     NOT NULL,
    category    text        NOT NULL,
    priority    text        NOT NULL,
    state       text        NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT need_pk PRIMARY KEY (case_ref, number),
    CONSTRAINT need_case_fk FOREIGN KEY (case_ref) REFERENCES record.case_file,
    CONSTRAINT need_state_known CHECK (state IN ('open', 'met', 'unmet'))
);

CREATE TABLE record.referral (
    case_ref     text        NOT NULL,
    number       integer     NOT NULL,
    need         integer     NOT NULL,
    service      text        NOT NULL,
    organisation text        NOT NULL,
    state        text        NOT NULL,
    delivery     text        NOT NULL,
    consent      text        NOT NULL,
    clock        text        NOT NULL,
    outcome      text,
    priority     text        NOT NULL,
    reason       text,
    next_choices text[]      NOT NULL,
    follows      integer,
    was_followed boolean     NOT NULL,
    version      integer     NOT NULL,
    occurred_at  timestamptz NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT referral_pk PRIMARY KEY (case_ref, number),
    CONSTRAINT referral_need_fk FOREIGN KEY (case_ref, need) REFERENCES record.need,
    CONSTRAINT referral_state_known CHECK (state IN ('draft', 'waiting', 'sent', 'received',
        'opened', 'info_requested', 'waitlisted', 'accepted', 'active', 'declined', 'completed',
        'ended', 'recalled', 'withdrawn', 'expired', 'undeliverable', 'entered_in_error'))
);
CREATE INDEX referral_organisation_ix ON record.referral (organisation);

CREATE TABLE record.deadline (
    case_ref    text        NOT NULL,
    id          text        NOT NULL,
    duty        text        NOT NULL,
    referral    integer,
    started_at  timestamptz NOT NULL,
    due_at      timestamptz NOT NULL,
    remind_at   timestamptz NOT NULL,
    lapse_at    timestamptz,
    calendar    text        NOT NULL,
    state       text        NOT NULL,
    reminded_at timestamptz,
    ended_at    timestamptz,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT deadline_pk PRIMARY KEY (case_ref, id),
    CONSTRAINT deadline_case_fk FOREIGN KEY (case_ref) REFERENCES record.case_file,
    CONSTRAINT deadline_state_known
        CHECK (state IN ('running', 'breached', 'met', 'met_late', 'void'))
);
CREATE INDEX deadline_open_ix ON record.deadline (due_at) WHERE state IN ('running', 'breached');

CREATE TABLE record.task (
    case_ref    text        NOT NULL,
    id          text        NOT NULL,
    kind        text        NOT NULL,
    for_role    text        NOT NULL,
    referral    integer,
    raised_at   timestamptz NOT NULL,
    is_done     boolean     NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT task_pk PRIMARY KEY (case_ref, id),
    CONSTRAINT task_case_fk FOREIGN KEY (case_ref) REFERENCES record.case_file
);

CREATE TABLE record.outbox (
    case_ref        text        NOT NULL,
    key             text        NOT NULL,
    kind            text        NOT NULL,
    referral        integer,
    to_organisation text        NOT NULL,
    template        text,
    state           text        NOT NULL,
    occurred_at     timestamptz NOT NULL,
    recorded_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT outbox_pk PRIMARY KEY (case_ref, key),
    CONSTRAINT outbox_case_fk FOREIGN KEY (case_ref) REFERENCES record.case_file,
    CONSTRAINT outbox_kind_known CHECK (kind IN ('packet', 'stop', 'notice')),
    CONSTRAINT outbox_state_known CHECK (state IN ('queued', 'done', 'cancelled'))
);

CREATE TABLE record.inbox_item (
    case_ref      text        NOT NULL,
    key           text        NOT NULL,
    kind          text        NOT NULL,
    referral      integer     NOT NULL,
    service       text        NOT NULL,
    organisation  text        NOT NULL,
    is_restricted boolean     NOT NULL,
    fields        text[]      NOT NULL,
    sealed_packet bytea,
    occurred_at   timestamptz NOT NULL,
    recorded_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT inbox_item_pk PRIMARY KEY (case_ref, key),
    CONSTRAINT inbox_item_case_fk FOREIGN KEY (case_ref) REFERENCES record.case_file,
    CONSTRAINT inbox_item_kind_known CHECK (kind IN ('referral', 'stop')),
    CONSTRAINT inbox_item_packet_only_in_referral
        CHECK ((kind = 'referral') = (sealed_packet IS NOT NULL))
);
CREATE INDEX inbox_item_organisation_ix ON record.inbox_item (organisation);

-- The sharing ledger: every outbound transfer of personal data, by field and recipient.
CREATE TABLE record.share (
    id            uuid        NOT NULL DEFAULT gen_random_uuid(),
    case_ref      text        NOT NULL,
    referral      integer     NOT NULL,
    service       text        NOT NULL,
    organisation  text        NOT NULL,
    purpose       text        NOT NULL,
    fields        text[]      NOT NULL,
    consent_epoch integer     NOT NULL,
    occurred_at   timestamptz NOT NULL,
    recorded_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT share_pk PRIMARY KEY (id),
    CONSTRAINT share_once_per_referral UNIQUE (case_ref, referral),
    CONSTRAINT share_case_fk FOREIGN KEY (case_ref) REFERENCES record.case_file
);

-- Who read which personal text: the row is there before the text is returned.
CREATE TABLE record.consultation (
    id           uuid        NOT NULL DEFAULT gen_random_uuid(),
    case_ref     text        NOT NULL,
    organisation text        NOT NULL,
    role         text        NOT NULL,
    person       text        NOT NULL,
    what         text        NOT NULL,
    fields       text[]      NOT NULL,
    occurred_at  timestamptz NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT consultation_pk PRIMARY KEY (id),
    CONSTRAINT consultation_case_fk FOREIGN KEY (case_ref) REFERENCES record.case_file
);

-- A command's answer under its id: the same command twice is answered the same.
CREATE TABLE record.command_log (
    command_id  text        NOT NULL,
    case_ref    text        NOT NULL,
    verb        text        NOT NULL,
    actor       text        NOT NULL,
    reply       jsonb       NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT command_log_pk PRIMARY KEY (command_id),
    CONSTRAINT command_log_case_fk FOREIGN KEY (case_ref) REFERENCES record.case_file
);

-- Workflows that must be started or told to look at the record again.
CREATE TABLE record.wake (
    id          bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    case_ref    text        NOT NULL,
    workflow_id text        NOT NULL,
    owner       text        NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    done_at     timestamptz,
    CONSTRAINT wake_pk PRIMARY KEY (id),
    CONSTRAINT wake_case_fk FOREIGN KEY (case_ref) REFERENCES record.case_file
);
CREATE INDEX wake_open_ix ON record.wake (recorded_at) WHERE done_at IS NULL;

-- Data keys, wrapped by the key-encryption key. Destroying one erases what it sealed.
CREATE TABLE vault.case_key (
    case_ref     text        NOT NULL,
    version      integer     NOT NULL,
    wrapped      bytea,
    kek_id       text        NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    destroyed_at timestamptz,
    CONSTRAINT case_key_pk PRIMARY KEY (case_ref, version),
    CONSTRAINT case_key_destroyed_is_gone CHECK ((destroyed_at IS NULL) = (wrapped IS NOT NULL))
);

CREATE TABLE vault.organisation_key (
    organisation text        NOT NULL,
    version      integer     NOT NULL,
    wrapped      bytea       NOT NULL,
    kek_id       text        NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT organisation_key_pk PRIMARY KEY (organisation, version)
);
