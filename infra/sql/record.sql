-- name: enter
SELECT set_config('app.org', $1, true), set_config('app.person', $2, true),
       set_config('app.role', $3, true), set_config('app.case_ref', $4, true)

-- name: lock_case
SELECT case_ref FROM record.case_file WHERE case_ref = $1 FOR UPDATE

-- name: read_snapshot
SELECT jsonb_build_object(
    'case', (SELECT to_jsonb(c) FROM record.case_file c WHERE c.case_ref = $1),
    'consents', (SELECT jsonb_agg(to_jsonb(k)) FROM (
        SELECT DISTINCT ON (purpose, recipient) * FROM record.consent WHERE case_ref = $1
        ORDER BY purpose, recipient, epoch DESC) k),
    'needs', (SELECT jsonb_agg(to_jsonb(n) ORDER BY n.number)
        FROM record.need n WHERE n.case_ref = $1),
    'referrals', (SELECT jsonb_agg(to_jsonb(r) ORDER BY r.number)
        FROM record.referral r WHERE r.case_ref = $1),
    'deadlines', (SELECT jsonb_agg(to_jsonb(d) ORDER BY d.due_at, d.id)
        FROM record.deadline d WHERE d.case_ref = $1),
    'tasks', (SELECT jsonb_agg(to_jsonb(t) ORDER BY t.raised_at, t.id)
        FROM record.task t WHERE t.case_ref = $1),
    'dispatches', (SELECT jsonb_agg(to_jsonb(o) ORDER BY o.recorded_at, o.key)
        FROM record.outbox o WHERE o.case_ref = $1 AND o.state = 'queued'),
    'services', (SELECT jsonb_agg(to_jsonb(s)) FROM (
        SELECT code, organisation, status FROM directory.service
        WHERE code = ANY ($2::text[])
           OR code IN (SELECT recipient FROM record.consent WHERE case_ref = $1)
           OR code IN (SELECT service FROM record.referral WHERE case_ref = $1)
           OR code IN (SELECT unnest(next_choices) FROM record.referral WHERE case_ref = $1)) s)
)

-- name: find_reply
SELECT reply, verb, actor FROM record.command_log WHERE command_id = $1 AND case_ref = $2

-- name: keep_reply
INSERT INTO record.command_log (command_id, case_ref, verb, actor, reply)
VALUES ($1, $2, $3, $4, $5::jsonb)

-- name: put_party
INSERT INTO record.case_party (case_ref, organisation, role) VALUES ($1, $2, $3)
ON CONFLICT ON CONSTRAINT case_party_pk DO NOTHING

-- name: put_person
INSERT INTO record.case_person (case_ref, organisation, person) VALUES ($1, $2, $3)

-- name: put_case
INSERT INTO record.case_file (case_ref, stage, subject, channel, is_restricted, owner, profile,
    told_version, told_language, told_text, told_at, first_question_at, safety_confirmed,
    occurred_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)

-- name: put_text
INSERT INTO record.case_text (case_ref, field, version, sealed, occurred_at)
VALUES ($1, $2, $3, $4, $5)

-- name: read_texts
SELECT DISTINCT ON (field) field, version, sealed FROM record.case_text
WHERE case_ref = $1 AND field = ANY ($2::text[]) ORDER BY field, version DESC

-- name: put_note
INSERT INTO record.organisation_note
    (id, case_ref, organisation, person, role, referral, sealed, occurred_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)

-- name: read_notes
SELECT id, person, role, referral, sealed, occurred_at FROM record.organisation_note
WHERE case_ref = $1 ORDER BY recorded_at

-- name: raise_version
UPDATE record.case_file SET version = version + 1 WHERE case_ref = $1 RETURNING version

-- name: put_stage
UPDATE record.case_file SET stage = $2, closing_reason = $3, closing_asked_by = $4
WHERE case_ref = $1

-- name: put_safety
UPDATE record.case_file SET safety_confirmed = $2 WHERE case_ref = $1

-- name: put_consent
INSERT INTO record.consent (case_ref, purpose, recipient, epoch, state, fields, occurred_at,
    expires_at)
SELECT case_ref, purpose, recipient, epoch, state, fields, occurred_at, expires_at
FROM jsonb_populate_record(NULL::record.consent, $1::jsonb)

-- name: put_need
INSERT INTO record.need (case_ref, number, category, priority, state, occurred_at)
SELECT case_ref, number, category, priority, state, occurred_at
FROM jsonb_populate_record(NULL::record.need, $1::jsonb)
ON CONFLICT ON CONSTRAINT need_pk DO UPDATE SET state = excluded.state,
    occurred_at = excluded.occurred_at, recorded_at = clock_timestamp()

-- name: put_referral
INSERT INTO record.referral (case_ref, number, need, service, organisation, state, delivery,
    consent, clock, outcome, priority, reason, next_choices, follows, was_followed, version,
    occurred_at)
SELECT case_ref, number, need, service, organisation, state, delivery, consent, clock, outcome,
    priority, reason, next_choices, follows, was_followed, version, occurred_at
FROM jsonb_populate_record(NULL::record.referral, $1::jsonb)
ON CONFLICT ON CONSTRAINT referral_pk DO UPDATE SET state = excluded.state,
    delivery = excluded.delivery, consent = excluded.consent, clock = excluded.clock,
    outcome = excluded.outcome, reason = excluded.reason, was_followed = excluded.was_followed,
    version = excluded.version, occurred_at = excluded.occurred_at,
    recorded_at = clock_timestamp()

-- name: put_deadline
INSERT INTO record.deadline (case_ref, id, duty, referral, started_at, due_at, remind_at, lapse_at,
    calendar, state, reminded_at, ended_at, occurred_at)
SELECT case_ref, id, duty, referral, started_at, due_at, remind_at, lapse_at, calendar, state,
    reminded_at, ended_at, occurred_at
FROM jsonb_populate_record(NULL::record.deadline, $1::jsonb)
ON CONFLICT ON CONSTRAINT deadline_pk DO UPDATE SET state = excluded.state,
    started_at = excluded.started_at, due_at = excluded.due_at, remind_at = excluded.remind_at,
    lapse_at = excluded.lapse_at, calendar = excluded.calendar, reminded_at = excluded.reminded_at, ended_at = excluded.ended_at,
    occurred_at = excluded.occurred_at, recorded_at = clock_timestamp()

-- name: put_task
INSERT INTO record.task (case_ref, id, kind, for_role, referral, raised_at, is_done, occurred_at)
SELECT case_ref, id, kind, for_role, referral, raised_at, is_done, occurred_at
FROM jsonb_populate_record(NULL::record.task, $1::jsonb)
ON CONFLICT ON CONSTRAINT task_pk DO UPDATE SET is_done = excluded.is_done,
    referral = excluded.referral, raised_at = excluded.raised_at, occurred_at = excluded.occurred_at,
    recorded_at = clock_timestamp()

-- name: put_dispatch
INSERT INTO record.outbox (case_ref, key, kind, referral, to_organisation, template, state,
    occurred_at)
SELECT case_ref, key, kind, referral, to_organisation, template, state, occurred_at
FROM jsonb_populate_record(NULL::record.outbox, $1::jsonb)
ON CONFLICT ON CONSTRAINT outbox_pk DO UPDATE SET state = excluded.state,
    occurred_at = excluded.occurred_at, recorded_at = clock_timestamp()
WHERE record.outbox.state = 'queued'

-- name: read_dispatch
SELECT key, kind, referral, to_organisation, template, state FROM record.outbox
WHERE case_ref = $1 AND key = $2

-- name: put_inbox_item
INSERT INTO record.inbox_item (case_ref, key, kind, referral, service, organisation,
    is_restricted, fields, sealed_packet, occurred_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)

-- name: put_share
INSERT INTO record.share (case_ref, referral, service, organisation, purpose, fields,
    consent_epoch, occurred_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)

-- name: put_wake
INSERT INTO record.wake (case_ref, workflow_id, owner)
SELECT case_ref, $2, owner FROM record.case_file WHERE case_ref = $1

-- name: put_consultation
INSERT INTO record.consultation (case_ref, organisation, role, person, what, fields, occurred_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)

-- name: append_audit
INSERT INTO audit.entry (room, body) VALUES ('support', $1)
