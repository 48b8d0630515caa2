-- name: assert_fact
SELECT id, refused FROM gate.assert_fact($1, $2, $3::jsonb, $4, $5, $6, $7, $8)

-- name: note_in_gate
SELECT gate.note($1)

-- name: append_to_gate
INSERT INTO gate.entry (room, body) VALUES ('gate', $1)

-- name: read_gate_page
SELECT room, seq, prev, hash, recorded_at, body FROM gate.entry
WHERE room = $1 AND seq > $2 ORDER BY seq LIMIT $3

-- name: read_gate_head
SELECT seq, hash FROM gate.head WHERE room = $1

-- name: read_assertions
SELECT id, fact, value, role, organisation, person, source, evidence, until, supersedes,
    recorded_at
FROM gate.assertion WHERE case_ref = $1 ORDER BY recorded_at, id

-- name: read_told_of_case
-- What she was told: the text, and the version that was active then, where the record has it.
SELECT told_version AS text, told_protocol AS version FROM record.case_file WHERE case_ref = $1

-- name: put_evaluation
INSERT INTO gate.evaluation (case_ref, role, organisation, person, evaluated_at, version,
    told_versions, told_text, outcome, rules, needs, requested_fields, victim_informed,
    victim_informed_at, third_party_link, third_party_link_at, protocol_hash, facts_hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::jsonb, $11, $12, $13, $14, $15, $16, $17, $18)

-- name: count_evaluations_by_person
SELECT count(*) FROM gate.evaluation
WHERE case_ref = $1 AND organisation = $2 AND person = $3 AND evaluated_at > $4

-- name: put_alert
INSERT INTO gate.alert (case_ref, organisation, person) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING

-- name: read_evaluations
SELECT case_ref, role, organisation, person, evaluated_at, version, told_versions, told_text,
    outcome, rules, needs, requested_fields, victim_informed, victim_informed_at, third_party_link,
    third_party_link_at, protocol_hash, facts_hash
FROM gate.evaluation
WHERE case_ref IN (SELECT e.case_ref FROM gate.evaluation e
    WHERE e.evaluated_at >= $1 AND e.evaluated_at < $2)
ORDER BY evaluated_at, id

-- name: count_alerts
SELECT count(*) FROM gate.alert WHERE recorded_at >= $1 AND recorded_at < $2
