-- name: list_cases
SELECT c.case_ref, c.stage, c.subject, c.channel, c.version, c.assigned_to, c.occurred_at,
    c.recorded_at,
    (SELECT min(d.due_at) FROM record.deadline d
     WHERE d.case_ref = c.case_ref AND d.state IN ('running', 'breached')) AS next_due,
    (SELECT count(*) FROM record.task t WHERE t.case_ref = c.case_ref AND NOT t.is_done
        AND coalesce(t.organisation, c.owner) = c.owner AND t.kind <> ALL ($3::text[])
        AND (t.kind <> 'reported_recorder' OR t.not_for IS DISTINCT FROM record.who()))
        AS open_tasks,
    (SELECT count(*) FROM record.referral r WHERE r.case_ref = c.case_ref AND r.state NOT IN
        ('declined', 'completed', 'ended', 'recalled', 'withdrawn', 'expired',
         'entered_in_error', 'undeliverable')) AS open_referrals,
    record.erased_at(c.case_ref) AS erased_at
FROM record.case_file c
WHERE NOT c.is_restricted AND ($1 OR c.stage <> 'closed')
ORDER BY next_due NULLS LAST, c.recorded_at
LIMIT $2

-- name: list_deadlines
SELECT d.case_ref, d.id, d.duty, d.referral, d.started_at, d.due_at, d.state, d.reminded_at
FROM record.deadline d JOIN record.case_file c USING (case_ref)
WHERE NOT c.is_restricted AND d.state IN ('running', 'paused', 'breached')
  AND (NOT $1 OR d.due_at < $2)
ORDER BY d.due_at, d.case_ref, d.id
LIMIT $3

-- name: list_inbox
SELECT i.case_ref, i.key, i.kind, i.referral, i.service, i.fields, i.occurred_at,
    r.state, r.priority, r.version, r.claimed_by, r.info_answer,
    record.erased_at(i.case_ref) AS erased_at
FROM record.inbox_item i
JOIN record.referral r ON r.case_ref = i.case_ref AND r.number = i.referral
WHERE i.organisation = $1
ORDER BY i.recorded_at
LIMIT $2

-- name: read_packet
SELECT i.sealed_packet, i.fields, r.state, r.consent, record.erased_at(i.case_ref) AS erased_at
FROM record.inbox_item i
JOIN record.referral r ON r.case_ref = i.case_ref AND r.number = i.referral
WHERE i.case_ref = $1 AND i.referral = $2 AND i.kind = 'referral'
ORDER BY i.recorded_at DESC LIMIT 1

-- name: read_timeline
-- Who merely looked at the pages of a case would crowd out what was done, and who at a service works
-- on a referral is its own affair: the audit has both, and no timeline.
SELECT seq, recorded_at, body FROM audit.entry
WHERE case_ref = $1 AND verb NOT IN ('claim_referral', 'release_referral')
  AND NOT (verb IN ('show_case', 'show_timeline', 'show_contact')
    AND body::jsonb ->> 'outcome' = 'done')
ORDER BY seq

-- name: read_told
SELECT told_version, told_language, told_text, told_at, told_protocol FROM record.case_file
WHERE case_ref = $1

-- name: read_shares
SELECT referral, service, organisation, purpose, fields, consent_epoch, occurred_at
FROM record.share WHERE case_ref = $1 ORDER BY recorded_at

-- name: read_stuck
SELECT workflow_id, case_ref, step, code, attempts, since, seen_at
FROM record.trouble WHERE case_ref = $1 AND settled_at IS NULL ORDER BY since

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

-- name: may_wake
SELECT record.may_wake($1)

-- name: settle_wake
UPDATE record.wake SET done_at = clock_timestamp() WHERE id = $1 AND done_at IS NULL

-- name: read_audit_page
SELECT room, seq, prev, hash, recorded_at, body FROM audit.entry
WHERE room = $1 AND seq > $2 ORDER BY seq LIMIT $3

-- name: read_audit_recent
SELECT seq, recorded_at, body FROM audit.entry
WHERE room = 'support' AND ($1::text IS NULL OR case_ref = $1)
  AND ($2::text IS NULL OR verb = $2)
  AND ($4::text IS NULL OR (
      (body::jsonb #>> '{actor,organisation}' = $4 OR case_ref IN (
          SELECT led.case_ref FROM audit.entry led
          WHERE led.room = 'support' AND led.verb IN ('open_case', 'answer_transfer')
            AND led.body::jsonb #>> '{actor,organisation}' = $4
            AND led.body::jsonb ->> 'outcome' = 'done'))
      AND (verb <> 'start_advice' OR body::jsonb #>> '{actor,organisation}' = $4)
      AND coalesce(body::jsonb #>> '{detail,private_to}', $4) = $4))
ORDER BY seq DESC LIMIT $3

-- name: read_audit_head
SELECT seq, hash FROM audit.head WHERE room = $1

-- name: read_installation
SELECT is_embedded FROM record.installation

-- name: list_deadlines_of_service
SELECT d.case_ref, d.id, d.duty, d.referral, d.started_at, d.due_at, d.state, d.reminded_at
FROM record.deadline d
WHERE d.state IN ('running', 'paused', 'breached') AND (NOT $1 OR d.due_at < $2)
ORDER BY d.due_at, d.case_ref, d.id
LIMIT $3

-- name: list_tasks
SELECT t.case_ref, t.id, t.kind, t.for_role, t.organisation, t.for_person, t.not_for, t.referral,
    t.raised_at
FROM record.task t LEFT JOIN record.case_file c USING (case_ref)
WHERE NOT t.is_done AND NOT coalesce(c.is_restricted, false)
  AND coalesce(t.organisation, c.owner) = $1
ORDER BY t.raised_at, t.case_ref, t.id
LIMIT $2

-- name: list_alarms
SELECT case_ref, id, kind FROM record.restricted_alarms() LIMIT $1

-- name: read_check_line
SELECT max(k.line_until) FROM record.withdrawal_check k
WHERE k.case_ref = $1 AND k.state = 'open' AND $2::integer = ANY (k.referrals)

-- name: read_words
SELECT w.safe_hash, w.duress_hash FROM record.plan_word w
JOIN record.contact_plan p ON p.case_ref = w.case_ref AND p.words_of = w.plan
WHERE w.case_ref = $1 AND p.state = 'in_force'

-- name: read_service_reason
SELECT reason FROM record.service_reason WHERE case_ref = $1 AND referral = $2

-- name: post_withdrawal
INSERT INTO record.withdrawal_post (case_ref, role, organisation, person, command_id, purpose,
    recipient, said_by, via, occurred_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT DO NOTHING -- naming withdrawal_post_once would take a right to read the posts

-- name: read_withdrawal_posts
SELECT id, case_ref, role, organisation, person, purpose, recipient, said_by, via
FROM record.withdrawal_post WHERE done_at IS NULL AND id <> ALL ($2::uuid[])
ORDER BY recorded_at LIMIT $1

-- name: settle_withdrawal_post
UPDATE record.withdrawal_post SET done_at = clock_timestamp() WHERE id = $1 AND done_at IS NULL

-- name: put_left
INSERT INTO record.staff_left (organisation, person, recorded_by) VALUES ($1, $2, $3)
ON CONFLICT ON CONSTRAINT staff_left_pk DO NOTHING

-- name: has_left
SELECT EXISTS (SELECT 1 FROM record.staff_left WHERE organisation = $1 AND person = $2)

-- name: list_left_behind
SELECT s.person, 'case' AS what, c.case_ref, NULL::integer AS referral, NULL::text AS task
FROM record.staff_left s JOIN record.case_file c
    ON c.owner = s.organisation AND c.assigned_to = s.person AND c.stage <> 'closed'
UNION ALL
SELECT s.person, 'claim', r.case_ref, r.number, NULL
FROM record.staff_left s JOIN record.referral r
    ON r.claimed_by = s.organisation || ':' || s.person AND r.state IN
        ('received', 'opened', 'info_requested', 'waitlisted', 'accepted', 'active')
UNION ALL
SELECT s.person, 'task', t.case_ref, t.referral, t.id
FROM record.staff_left s JOIN record.task t
    ON t.for_person = s.organisation || ':' || s.person AND NOT t.is_done
UNION ALL
SELECT person, 'name', case_ref, NULL, NULL FROM record.thinly_named()
ORDER BY person, what, case_ref

-- name: count_misuse
WITH looked AS (
    SELECT organisation || ':' || person AS who, count(*) AS reads,
        count(*) FILTER (WHERE NOT had_task) AS reads_without_task,
        count(DISTINCT case_ref) AS cases_read
    FROM record.consultation WHERE recorded_at >= $1 AND recorded_at < $2 GROUP BY 1
), acted AS (
    SELECT (body::jsonb #>> '{actor,organisation}') || ':' || (body::jsonb #>> '{actor,person}')
            AS who,
        count(*) FILTER (WHERE verb = 'set_plan' AND body::jsonb ->> 'outcome' = 'done')
            AS plan_changes,
        count(*) FILTER (WHERE verb = 'withdraw_consent'
            AND body::jsonb ->> 'outcome' = 'done') AS withdrawals,
        count(*) FILTER (WHERE body::jsonb #>> '{detail,outside_plan}' = 'yes')
            AS contacts_outside_plan,
        count(*) FILTER (WHERE body::jsonb -> 'reasons' ? 'not_visible') AS cases_not_theirs
    FROM audit.entry
    WHERE room = 'support' AND recorded_at >= $1 AND recorded_at < $2
      AND body::jsonb #>> '{actor,role}' <> 'system'
    GROUP BY 1
), reported AS (
    SELECT recorder AS who, count(*) AS withdrawals_not_hers
    FROM record.withdrawal_check
    WHERE state = 'it_was_not_her' AND opened_at >= $1 AND opened_at < $2 GROUP BY 1
)
SELECT who, coalesce(reads, 0) AS reads, coalesce(reads_without_task, 0) AS reads_without_task,
    coalesce(cases_read, 0) AS cases_read, coalesce(plan_changes, 0) AS plan_changes,
    coalesce(withdrawals, 0) AS withdrawals,
    coalesce(withdrawals_not_hers, 0) AS withdrawals_not_hers,
    coalesce(contacts_outside_plan, 0) AS contacts_outside_plan,
    coalesce(cases_not_theirs, 0) AS cases_not_theirs
FROM looked FULL JOIN acted USING (who) FULL JOIN reported USING (who)
WHERE $3::text IS NULL OR split_part(who, ':', 1) = $3
ORDER BY coalesce(withdrawals_not_hers, 0) DESC, coalesce(reads_without_task, 0) DESC,
    coalesce(contacts_outside_plan, 0) DESC, who
LIMIT $4

-- name: read_clock
SELECT clock_timestamp()
