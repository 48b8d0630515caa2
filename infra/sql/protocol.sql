-- The sharing protocol of a force: what is held, signed and written down.

-- name: read_deployment
SELECT id FROM record.installation

-- name: list_adoptions
-- Of one organisation, or of all.
SELECT a.number, a.organisation, a.version, v.content, v.content_hash, a.baseline, a.dpia_id,
    a.reason, a.departs_from, a.first_by, a.first_since, a.first_value, a.second_by,
    a.second_since, a.second_value
FROM protocol.adoption a JOIN protocol.version v ON v.id = a.version
WHERE a.organisation = coalesce($1, a.organisation) ORDER BY a.number

-- name: list_adopters
SELECT DISTINCT organisation FROM protocol.adoption ORDER BY organisation

-- name: read_proposal
-- The newest that nobody ended; whether it has lapsed is for whoever asks, who knows the time.
SELECT p.number, p.organisation, p.version, p.content, p.content_hash, p.baseline, p.dpia_id, p.reason,
    p.departs_from, p.first_by, p.first_since, p.first_value, p.proposed_at
FROM protocol.proposal p
WHERE p.organisation = $1
  AND NOT EXISTS (SELECT 1 FROM protocol.proposal_end e WHERE e.proposal = p.number)
ORDER BY p.number DESC LIMIT 1

-- name: hold_changes
-- One at a time changes the protocol of an organisation.
SELECT pg_advisory_xact_lock(hashtextextended('protocol/' || $1::text, 7233020))

-- name: put_proposal
INSERT INTO protocol.proposal (organisation, version, content, content_hash, baseline, dpia_id,
    reason, departs_from, first_by, first_since, first_value)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)

-- name: end_proposal
INSERT INTO protocol.proposal_end (proposal, how, ended_by) VALUES ($1, $2, $3)

-- name: put_version
INSERT INTO protocol.version (id, content, content_hash) VALUES ($1, $2, $3)
ON CONFLICT ON CONSTRAINT version_pk DO NOTHING

-- name: read_hash
SELECT content_hash FROM protocol.version WHERE id = $1

-- name: put_adoption
INSERT INTO protocol.adoption (proposal, organisation, version, baseline, dpia_id, reason,
    departs_from, first_by, first_since, first_value, second_by, second_since, second_value)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)

-- name: put_awaited
INSERT INTO protocol.awaited (organisation, version, title, expected_on, owner, is_dropped,
    noted_by)
VALUES ($1, $2, $3, $4, $5, false, $6)

-- name: drop_awaited
INSERT INTO protocol.awaited (organisation, version, title, expected_on, owner, is_dropped,
    noted_by)
SELECT organisation, version, title, expected_on, owner, true, $3 FROM protocol.awaited
WHERE number = (SELECT max(number) FROM protocol.awaited WHERE organisation = $1 AND version = $2)
  AND NOT is_dropped

-- name: list_awaited
-- What was adopted since it was awaited is awaited no more.
SELECT w.version, w.title, w.expected_on, w.owner, w.noted_at FROM protocol.awaited w
WHERE w.organisation = $1 AND NOT w.is_dropped
  AND NOT EXISTS (SELECT 1 FROM protocol.awaited n WHERE n.organisation = w.organisation
    AND n.version = w.version AND n.number > w.number)
  AND NOT EXISTS (SELECT 1 FROM protocol.adoption a WHERE a.organisation = w.organisation
    AND a.version = w.version AND a.adopted_at > w.noted_at)
ORDER BY w.expected_on, w.version

-- name: put_assessment
INSERT INTO protocol.assessment (organisation, id, title, review_by, recorded_by)
VALUES ($1, $2, $3, $4, $5)

-- name: list_assessments
SELECT DISTINCT ON (id) id, title, review_by, recorded_by, recorded_at
FROM protocol.assessment WHERE organisation = $1 ORDER BY id, number DESC

-- name: put_agreement
INSERT INTO protocol.agreement (organisation, id, parties, signed_on, expires_on, recorded_by)
VALUES ($1, $2, $3, $4, $5, $6)

-- name: list_agreements
SELECT DISTINCT ON (id) number, organisation, id, parties, signed_on, expires_on, recorded_by,
    recorded_at
FROM protocol.agreement WHERE organisation = $1 ORDER BY id, number DESC

-- name: list_all_agreements
-- With the reminders that went out already.
SELECT DISTINCT ON (a.organisation, a.id) a.number, a.organisation, a.id, a.parties, a.signed_on,
    a.expires_on, a.recorded_by, a.recorded_at,
    ARRAY (SELECT r.days_before FROM protocol.reminder r WHERE r.agreement = a.number) AS reminded
FROM protocol.agreement a ORDER BY a.organisation, a.id, a.number DESC

-- name: note_reminded
INSERT INTO protocol.reminder (agreement, days_before) SELECT $1::bigint, unnest($2::integer[])
ON CONFLICT ON CONSTRAINT reminder_pk DO NOTHING

-- name: tell
SELECT pg_notify('protocol', $1)
