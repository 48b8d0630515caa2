-- name: note_trouble
INSERT INTO record.trouble AS t (workflow_id, step, case_ref, code, attempts, since)
VALUES ($1, $2, $3, $4, $5, clock_timestamp() - $6::interval)
ON CONFLICT ON CONSTRAINT trouble_pk DO UPDATE SET
    code = EXCLUDED.code, seen_at = clock_timestamp(), settled_at = NULL,
    asked = CASE WHEN t.settled_at IS NULL THEN t.asked END,
    attempts = CASE WHEN t.settled_at IS NULL THEN greatest(t.attempts + 1, EXCLUDED.attempts)
        ELSE EXCLUDED.attempts END,
    since = CASE WHEN t.settled_at IS NULL THEN t.since ELSE EXCLUDED.since END,
    alerted_at = CASE WHEN t.settled_at IS NULL THEN t.alerted_at END

-- name: settle_trouble
UPDATE record.trouble SET settled_at = clock_timestamp()
WHERE workflow_id = $1 AND step = $2 AND settled_at IS NULL

-- name: list_troubles
SELECT workflow_id, case_ref, step, code, attempts, since, seen_at
FROM record.trouble WHERE settled_at IS NULL ORDER BY since, workflow_id, step

-- name: list_troubles_for_repair
SELECT t.workflow_id, t.case_ref, t.step, t.code, t.attempts, t.since, t.seen_at,
    p.case_ref IS NOT NULL AS is_paused
FROM record.trouble t LEFT JOIN record.pause p
    ON p.case_ref = t.case_ref AND p.lifted_at IS NULL
WHERE t.settled_at IS NULL ORDER BY t.since, t.workflow_id, t.step LIMIT $1

-- name: list_pauses
SELECT case_ref, paused_by, reason, ticket, paused_at FROM record.pause
WHERE lifted_at IS NULL ORDER BY paused_at LIMIT $1

-- name: list_unalerted
SELECT workflow_id, case_ref, step, code, attempts, since, seen_at
FROM record.trouble WHERE settled_at IS NULL AND alerted_at IS NULL ORDER BY since LIMIT 100

-- name: mark_alerted
UPDATE record.trouble SET alerted_at = clock_timestamp() WHERE workflow_id = $1 AND step = $2

-- name: list_under_way
SELECT case_ref, owner FROM record.under_way()

-- name: ask_repair
UPDATE record.trouble SET asked = $2 WHERE workflow_id = $1 AND settled_at IS NULL

-- name: list_asked
SELECT workflow_id, bool_or(asked = 'redrive') AS is_redrive FROM record.trouble
WHERE asked IS NOT NULL AND settled_at IS NULL GROUP BY workflow_id ORDER BY workflow_id LIMIT 100

-- name: mark_repaired
-- What fails again is noted again.
UPDATE record.trouble SET asked = NULL, settled_at = clock_timestamp() WHERE workflow_id = $1

-- name: put_pause
INSERT INTO record.pause AS p (case_ref, paused_by, reason, ticket) VALUES ($1, $2, $3, $4)
ON CONFLICT ON CONSTRAINT pause_pk DO UPDATE SET paused_by = EXCLUDED.paused_by,
    reason = EXCLUDED.reason, ticket = EXCLUDED.ticket, paused_at = clock_timestamp(),
    lifted_at = NULL
WHERE p.lifted_at IS NOT NULL

-- name: lift_pause
UPDATE record.pause SET lifted_at = clock_timestamp() WHERE case_ref = $1 AND lifted_at IS NULL

-- name: list_lifted
SELECT case_ref FROM record.pause WHERE lifted_at IS NOT NULL LIMIT 100

-- name: forget_lifted
DELETE FROM record.pause WHERE case_ref = $1 AND lifted_at IS NOT NULL
