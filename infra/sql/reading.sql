-- name: list_cases
SELECT c.case_ref, c.stage, c.subject, c.channel, c.version, c.occurred_at, c.recorded_at,
    (SELECT min(d.due_at) FROM record.deadline d
     WHERE d.case_ref = c.case_ref AND d.state IN ('running', 'breached')) AS next_due,
    (SELECT count(*) FROM record.task t WHERE t.case_ref = c.case_ref AND NOT t.is_done)
        AS open_tasks,
    (SELECT count(*) FROM record.referral r WHERE r.case_ref = c.case_ref AND r.state NOT IN
        ('declined', 'completed', 'ended', 'recalled', 'withdrawn', 'expired',
         'entered_in_error', 'undeliverable')) AS open_referrals
FROM record.case_file c
WHERE NOT c.is_restricted AND ($1 OR c.stage <> 'closed')
ORDER BY next_due NULLS LAST, c.recorded_at
LIMIT $2

-- name: list_deadlines
SELECT d.case_ref, d.id, d.duty, d.referral, d.started_at, d.due_at, d.state, d.reminded_at
FROM record.deadline d JOIN record.case_file c USING (case_ref)
WHERE NOT c.is_restricted AND d.state IN ('running', 'breached')
  AND (NOT $1 OR d.due_at < $2)
ORDER BY d.due_at, d.case_ref, d.id
LIMIT $3

-- name: list_inbox
SELECT i.case_ref, i.key, i.kind, i.referral, i.service, i.fields, i.occurred_at,
    r.state, r.priority, r.version
FROM record.inbox_item i
JOIN record.referral r ON r.case_ref = i.case_ref AND r.number = i.referral
WHERE i.organisation = $1
ORDER BY i.recorded_at
LIMIT $2

-- name: read_packet
SELECT i.sealed_packet, i.fields, r.state, r.consent
FROM record.inbox_item i
JOIN record.referral r ON r.case_ref = i.case_ref AND r.number = i.referral
WHERE i.case_ref = $1 AND i.referral = $2 AND i.kind = 'referral'

-- name: read_timeline
SELECT seq, recorded_at, body FROM audit.entry WHERE case_ref = $1 ORDER BY seq

-- name: read_told
SELECT told_version, told_language, told_text, told_at FROM record.case_file WHERE case_ref = $1

-- name: read_shares
SELECT referral, service, organisation, purpose, fields, consent_epoch, occurred_at
FROM record.share WHERE case_ref = $1 ORDER BY recorded_at

-- name: list_services
SELECT code, source_id, name, organisation, organisation_name, description, status, languages,
    areas, needs, by_and_for, hours, capacity, expected_wait_days, capacity_on, assured_on
FROM directory.service ORDER BY status, code

-- name: list_codes
SELECT code, source_id FROM directory.service

-- name: find_organisation
SELECT EXISTS (SELECT 1 FROM directory.service WHERE organisation = $1)

-- name: put_service
-- What a feed leaves empty of needs, communities and hours stays as it is: the shorter pages of the
-- UK profile have none of them. Capacity of a known service is for `hear_capacity`.
INSERT INTO directory.service AS known (code, source_id, name, organisation, organisation_name,
    description, status, languages, areas, needs, by_and_for, hours, capacity,
    expected_wait_days, capacity_on, assured_on)
SELECT code, source_id, name, organisation, organisation_name, description, status, languages,
    areas, needs, by_and_for, hours, capacity, expected_wait_days, capacity_on, assured_on
FROM jsonb_populate_record(NULL::directory.service, $1::jsonb)
ON CONFLICT ON CONSTRAINT service_source_id_unique DO UPDATE SET name = excluded.name,
    organisation = excluded.organisation, organisation_name = excluded.organisation_name,
    description = excluded.description, status = excluded.status,
    languages = excluded.languages, areas = excluded.areas, assured_on = excluded.assured_on,
    needs = coalesce(nullif(excluded.needs, '{}'), known.needs),
    by_and_for = coalesce(nullif(excluded.by_and_for, '{}'), known.by_and_for),
    hours = coalesce(excluded.hours, known.hours),
    recorded_at = now()
RETURNING (xmax = 0) AS is_new

-- name: hear_capacity
-- A feed's word on capacity counts if it is of a later day than what is known. What a service
-- published itself is not undone by a feed that is older, of the same day, or says nothing.
UPDATE directory.service known
SET capacity = said.capacity, expected_wait_days = said.expected_wait_days,
    capacity_on = said.capacity_on
FROM jsonb_populate_record(NULL::directory.service, $1::jsonb) said
WHERE known.source_id = said.source_id
  AND (said.capacity <> 'unknown' OR said.expected_wait_days IS NOT NULL)
  AND (known.capacity_on IS NULL OR said.capacity_on > known.capacity_on)

-- name: put_capacity
UPDATE directory.service
SET capacity = $3, expected_wait_days = $4, capacity_on = $5, recorded_at = now()
WHERE code = $1 AND organisation = $2
RETURNING code

-- name: read_wakes
SELECT id, case_ref, workflow_id, owner FROM record.wake
WHERE done_at IS NULL AND recorded_at <= clock_timestamp() - $1::interval
  AND ($3::text IS NULL OR case_ref = $3)
ORDER BY id LIMIT $2

-- name: settle_wake
UPDATE record.wake SET done_at = clock_timestamp() WHERE id = $1 AND done_at IS NULL

-- name: read_audit_page
SELECT room, seq, prev, hash, recorded_at, body FROM audit.entry
WHERE room = $1 AND seq > $2 ORDER BY seq LIMIT $3

-- name: read_audit_recent
SELECT seq, recorded_at, body FROM audit.entry
WHERE room = 'support' AND ($1::text IS NULL OR case_ref = $1)
  AND ($2::text IS NULL OR verb = $2)
ORDER BY seq DESC LIMIT $3

-- name: read_audit_head
SELECT seq, hash FROM audit.head WHERE room = $1

-- name: read_installation
SELECT is_embedded FROM record.installation
