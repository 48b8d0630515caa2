-- name: enter
SELECT set_config('app.org', $1, true), set_config('app.person', $2, true),
       set_config('app.role', $3, true), set_config('app.case_ref', $4, true)

-- name: enter_offer
SELECT set_config('app.offer', $1, true)

-- name: stands_in
SELECT record.stands_in($1)

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
    -- A service sees no text of the case, so it cannot know; the worker sees all of its case.
    'gave_contact', CASE WHEN record.leads($1) OR record.setting('org') IS NULL THEN EXISTS (
        SELECT FROM record.case_text x WHERE x.case_ref = $1 AND x.field = 'safe_contact') END,
    'plans', (SELECT jsonb_agg(to_jsonb(p) ORDER BY p.number)
        FROM record.contact_plan p WHERE p.case_ref = $1),
    'contacts', (SELECT jsonb_agg(to_jsonb(t) ORDER BY t.number)
        FROM record.contact t WHERE t.case_ref = $1),
    'holds', (SELECT jsonb_agg(to_jsonb(h) ORDER BY h.number)
        FROM record.hold h WHERE h.case_ref = $1),
    'checks', (SELECT jsonb_agg(to_jsonb(w) ORDER BY w.number)
        FROM record.withdrawal_check w WHERE w.case_ref = $1),
    'risks', (SELECT jsonb_agg(to_jsonb(a) ORDER BY a.number)
        FROM record.risk_assessment a WHERE a.case_ref = $1),
    'maracs', (SELECT jsonb_agg(to_jsonb(m) ORDER BY m.number)
        FROM record.marac m WHERE m.case_ref = $1),
    'nrms', (SELECT jsonb_agg(to_jsonb(n) ORDER BY n.number)
        FROM record.nrm n WHERE n.case_ref = $1),
    'links', (SELECT jsonb_agg(to_jsonb(l) ORDER BY l.other)
        FROM record.case_link l WHERE l.case_ref = $1),
    'conflicts', (SELECT jsonb_agg(to_jsonb(f) ORDER BY f.who)
        FROM record.conflict f WHERE f.case_ref = $1),
    'named', (SELECT jsonb_agg(jsonb_build_object('who', n.organisation || ':' || n.person,
            'proposed_by', n.proposed_by, 'confirmed_by', n.confirmed_by, 'is_named', n.is_named,
            'has_left', record.has_left(n.organisation, n.person))
            ORDER BY n.organisation, n.person)
        FROM record.case_person n WHERE n.case_ref = $1),
    'transfers', (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.number)
        FROM record.transfer x WHERE x.case_ref = $1),
    'is_paused', EXISTS (
        SELECT FROM record.pause u WHERE u.case_ref = $1 AND u.lifted_at IS NULL),
    'erasures', (SELECT jsonb_agg(to_jsonb(e) ORDER BY e.number)
        FROM record.erasure e WHERE e.case_ref = $1),
    'is_open_elsewhere', record.is_open_elsewhere($1),
    'services', (SELECT jsonb_agg(to_jsonb(s)) FROM (
        SELECT code, organisation, status, hours FROM directory.service
        WHERE code = ANY ($2::text[])
           OR code IN (SELECT recipient FROM record.consent WHERE case_ref = $1)
           OR code IN (SELECT service FROM record.referral WHERE case_ref = $1)
           OR code IN (SELECT unnest(next_choices) FROM record.referral WHERE case_ref = $1)) s)
)

-- name: read_stage
SELECT (SELECT stage FROM record.case_file WHERE case_ref = $1) AS stage,
    EXISTS (SELECT FROM record.conflict WHERE case_ref = $1) AS is_too_close

-- name: find_reply
-- What was asked is kept beside the answer; older answers say nothing of it.
SELECT reply, verb, actor, reply ->> 'fingerprint' AS fingerprint
FROM record.command_log WHERE command_id = $1 AND case_ref = $2

-- name: keep_reply
INSERT INTO record.command_log (command_id, case_ref, verb, actor, reply)
VALUES ($1, $2, $3, $4, $5::jsonb || jsonb_build_object('fingerprint', $6::text))

-- name: put_party
INSERT INTO record.case_party (case_ref, organisation, role) VALUES ($1, $2, $3)
ON CONFLICT ON CONSTRAINT case_party_pk DO NOTHING

-- name: put_person
INSERT INTO record.case_person (case_ref, organisation, person) VALUES ($1, $2, $3)

-- name: put_case
INSERT INTO record.case_file (case_ref, stage, subject, channel, is_restricted, owner, profile,
    told_version, told_language, told_text, told_at, first_question_at, safety_confirmed,
    occurred_at, age, assigned_to, told_protocol)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)

-- name: put_text
INSERT INTO record.case_text (case_ref, field, version, sealed, occurred_at)
VALUES ($1, $2, $3, $4, $5)

-- name: read_texts
SELECT DISTINCT ON (field) field, version, sealed FROM record.case_text
WHERE case_ref = $1 AND field = ANY ($2::text[]) ORDER BY field, version DESC

-- name: read_plan_detail
SELECT p.number, d.plan AS details_of, d.sealed FROM record.plan_detail d
JOIN record.contact_plan p ON p.case_ref = d.case_ref AND p.details_of = d.plan
WHERE d.case_ref = $1 AND p.state = $2

-- name: put_note
INSERT INTO record.organisation_note
    (id, case_ref, organisation, person, role, referral, sealed, occurred_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)

-- name: read_notes
SELECT id, person, role, referral, sealed, occurred_at FROM record.organisation_note
WHERE case_ref = $1 ORDER BY recorded_at

-- name: raise_version
UPDATE record.case_file SET version = version + 1, last_acted_at = coalesce($2, last_acted_at)
WHERE case_ref = $1 RETURNING version

-- name: put_stage
UPDATE record.case_file SET stage = $2, closing_reason = $3, closing_asked_by = $4
WHERE case_ref = $1

-- name: put_safety
UPDATE record.case_file SET safety_confirmed = $2 WHERE case_ref = $1

-- name: put_header
UPDATE record.case_file SET entitlement = coalesce($2, entitlement),
    assigned_to = coalesce($3, assigned_to), died_at = coalesce($4, died_at)
WHERE case_ref = $1

-- name: put_consent
INSERT INTO record.consent (case_ref, purpose, recipient, epoch, state, fields, occurred_at,
    expires_at, also_asked, asked, ask_again_at)
SELECT case_ref, purpose, recipient, epoch, state, fields, occurred_at, expires_at, also_asked,
    asked, ask_again_at
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
    replaces, claimed_by, expected_by, shared_fields, asked_fields, asked_topics, info_answer,
    offered, chosen_by, occurred_at)
SELECT case_ref, number, need, service, organisation, state, delivery, consent, clock, outcome,
    priority, reason, next_choices, follows, was_followed, version, replaces, claimed_by,
    expected_by, shared_fields, asked_fields, asked_topics, info_answer, offered, chosen_by,
    occurred_at
FROM jsonb_populate_record(NULL::record.referral, $1::jsonb)
ON CONFLICT ON CONSTRAINT referral_pk DO UPDATE SET state = excluded.state,
    delivery = excluded.delivery, consent = excluded.consent, clock = excluded.clock,
    outcome = excluded.outcome, reason = excluded.reason, was_followed = excluded.was_followed,
    priority = excluded.priority, claimed_by = excluded.claimed_by,
    expected_by = excluded.expected_by, shared_fields = excluded.shared_fields,
    asked_fields = excluded.asked_fields,
    asked_topics = excluded.asked_topics, info_answer = excluded.info_answer,
    version = excluded.version, occurred_at = excluded.occurred_at,
    recorded_at = clock_timestamp()

-- name: put_deadline
INSERT INTO record.deadline (case_ref, id, duty, referral, started_at, due_at, remind_at, lapse_at,
    calendar, state, reminded_at, ended_at, pace, remind_again_at, paused_at, pause_reason,
    extension_reason, private_to, occurred_at)
SELECT case_ref, id, duty, referral, started_at, due_at, remind_at, lapse_at, calendar, state,
    reminded_at, ended_at, pace, remind_again_at, paused_at, pause_reason, extension_reason,
    private_to, occurred_at
FROM jsonb_populate_record(NULL::record.deadline, $1::jsonb)
ON CONFLICT ON CONSTRAINT deadline_pk DO UPDATE SET state = excluded.state,
    started_at = excluded.started_at, due_at = excluded.due_at, remind_at = excluded.remind_at,
    lapse_at = excluded.lapse_at, calendar = excluded.calendar,
    reminded_at = excluded.reminded_at, ended_at = excluded.ended_at, pace = excluded.pace,
    remind_again_at = excluded.remind_again_at, paused_at = excluded.paused_at,
    pause_reason = excluded.pause_reason, extension_reason = excluded.extension_reason,
    occurred_at = excluded.occurred_at, recorded_at = clock_timestamp()

-- name: put_task
INSERT INTO record.task (case_ref, id, kind, for_role, organisation, for_person, not_for,
    private_to, referral, raised_at, is_done, occurred_at)
SELECT case_ref, id, kind, for_role, organisation, for_person, not_for, private_to, referral,
    raised_at, is_done, occurred_at
FROM jsonb_populate_record(NULL::record.task, $1::jsonb)
ON CONFLICT ON CONSTRAINT task_pk DO UPDATE SET is_done = excluded.is_done,
    for_role = excluded.for_role, organisation = excluded.organisation,
    for_person = excluded.for_person, not_for = excluded.not_for,
    referral = excluded.referral, raised_at = excluded.raised_at,
    occurred_at = excluded.occurred_at,
    recorded_at = clock_timestamp()

-- name: put_dispatch
INSERT INTO record.outbox (case_ref, key, kind, referral, to_organisation, template, state,
    private_to, occurred_at)
SELECT case_ref, key, kind, referral, to_organisation, template, state, private_to, occurred_at
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

-- name: put_plan
INSERT INTO record.contact_plan (case_ref, number, state, channels, windows, voicemail,
    caller_identity, dropped_call, call_back_after_minutes, do_not_post, device_shared,
    interpreter, has_details, details_of, words_of, changes, set_by, set_at, confirmed_how,
    confirmed_by, verified_at, expires_at, suspended_for, occurred_at)
SELECT case_ref, number, state, channels, windows, voicemail, caller_identity, dropped_call,
    call_back_after_minutes, do_not_post, device_shared, interpreter, has_details, details_of,
    words_of, changes, set_by, set_at, confirmed_how, confirmed_by, verified_at, expires_at,
    suspended_for, occurred_at
FROM jsonb_populate_record(NULL::record.contact_plan, $1::jsonb)
ON CONFLICT ON CONSTRAINT contact_plan_pk DO UPDATE SET state = excluded.state,
    confirmed_how = excluded.confirmed_how, confirmed_by = excluded.confirmed_by,
    verified_at = excluded.verified_at, expires_at = excluded.expires_at,
    suspended_for = excluded.suspended_for, occurred_at = excluded.occurred_at,
    recorded_at = clock_timestamp()

-- name: put_plan_detail
INSERT INTO record.plan_detail (case_ref, plan, sealed) VALUES ($1, $2, $3)

-- name: put_plan_word
INSERT INTO record.plan_word (case_ref, plan, safe_hash, duress_hash) VALUES ($1, $2, $3, $4)

-- name: put_contact
INSERT INTO record.contact (case_ref, number, referral, organisation, purpose, channel, template,
    interpreter, state, not_before, safe_at, safe_until, result, word, interpreted_by, planned_by,
    made_by, ended_by, started_at, ended_at, is_outside_plan, occurred_at)
SELECT case_ref, number, referral, organisation, purpose, channel, template, interpreter, state,
    not_before, safe_at, safe_until, result, word, interpreted_by, planned_by, made_by, ended_by,
    started_at, ended_at, is_outside_plan, occurred_at
FROM jsonb_populate_record(NULL::record.contact, $1::jsonb)
ON CONFLICT ON CONSTRAINT contact_pk DO UPDATE SET state = excluded.state,
    safe_at = excluded.safe_at, safe_until = excluded.safe_until, result = excluded.result,
    word = excluded.word, interpreted_by = excluded.interpreted_by,
    organisation = excluded.organisation, planned_by = excluded.planned_by,
    made_by = excluded.made_by, ended_by = excluded.ended_by, started_at = excluded.started_at,
    ended_at = excluded.ended_at, is_outside_plan = excluded.is_outside_plan,
    occurred_at = excluded.occurred_at, recorded_at = clock_timestamp()

-- name: put_hold
INSERT INTO record.hold (case_ref, number, organisation, placed_by, referral, placed_at, lifted_at,
    lifted_by, occurred_at)
SELECT case_ref, number, organisation, placed_by, referral, placed_at, lifted_at, lifted_by,
    occurred_at
FROM jsonb_populate_record(NULL::record.hold, $1::jsonb)
ON CONFLICT ON CONSTRAINT hold_pk DO UPDATE SET lifted_at = excluded.lifted_at,
    lifted_by = excluded.lifted_by, occurred_at = excluded.occurred_at,
    recorded_at = clock_timestamp()

-- name: put_check
INSERT INTO record.withdrawal_check (case_ref, number, purpose, recorder, asks, referrals,
    consents, opened_at, line_until, state, answered_by, occurred_at)
SELECT case_ref, number, purpose, recorder, asks, referrals, consents, opened_at, line_until,
    state, answered_by, occurred_at
FROM jsonb_populate_record(NULL::record.withdrawal_check, $1::jsonb)
ON CONFLICT ON CONSTRAINT withdrawal_check_pk DO UPDATE SET state = excluded.state,
    consents = excluded.consents, answered_by = excluded.answered_by,
    occurred_at = excluded.occurred_at, recorded_at = clock_timestamp()

-- name: put_risk
INSERT INTO record.risk_assessment (case_ref, number, tool, grade, ticks, assessed_by, assessed_at,
    reviewed_by, agreed, occurred_at)
SELECT case_ref, number, tool, grade, ticks, assessed_by, assessed_at, reviewed_by, agreed,
    occurred_at
FROM jsonb_populate_record(NULL::record.risk_assessment, $1::jsonb)
ON CONFLICT ON CONSTRAINT risk_assessment_pk DO UPDATE SET reviewed_by = excluded.reviewed_by,
    agreed = excluded.agreed, occurred_at = excluded.occurred_at, recorded_at = clock_timestamp()

-- name: put_marac
INSERT INTO record.marac (case_ref, number, state, criterion, basis, without_consent_because,
    declined_because, meeting_on, is_emergency, agencies, actions_due_on, heard_at, occurred_at)
SELECT case_ref, number, state, criterion, basis, without_consent_because, declined_because,
    meeting_on, is_emergency, agencies, actions_due_on, heard_at, occurred_at
FROM jsonb_populate_record(NULL::record.marac, $1::jsonb)
ON CONFLICT ON CONSTRAINT marac_pk DO UPDATE SET state = excluded.state, basis = excluded.basis,
    without_consent_because = excluded.without_consent_because,
    declined_because = excluded.declined_because, meeting_on = excluded.meeting_on,
    is_emergency = excluded.is_emergency, agencies = excluded.agencies,
    actions_due_on = excluded.actions_due_on, heard_at = excluded.heard_at,
    occurred_at = excluded.occurred_at, recorded_at = clock_timestamp()

-- name: put_nrm
INSERT INTO record.nrm (case_ref, number, state, age, answer, submitted_at, recovery_until,
    occurred_at)
SELECT case_ref, number, state, age, answer, submitted_at, recovery_until, occurred_at
FROM jsonb_populate_record(NULL::record.nrm, $1::jsonb)
ON CONFLICT ON CONSTRAINT nrm_pk DO UPDATE SET state = excluded.state, age = excluded.age,
    answer = excluded.answer, submitted_at = excluded.submitted_at,
    recovery_until = excluded.recovery_until, occurred_at = excluded.occurred_at,
    recorded_at = clock_timestamp()

-- name: put_notification
INSERT INTO record.anonymous_notification (exploitation, force, quarter) VALUES ($1, $2, $3)

-- name: put_link
INSERT INTO record.case_link (case_ref, other, link, linked_by, occurred_at)
VALUES ($1, $2, $3, $4, $5), ($2, $1, $3, $4, $5)
ON CONFLICT ON CONSTRAINT case_link_pk DO NOTHING

-- name: put_conflict
INSERT INTO record.conflict (case_ref, who, conflict, declared_at, occurred_at)
SELECT case_ref, who, conflict, declared_at, occurred_at
FROM jsonb_populate_record(NULL::record.conflict, $1::jsonb)
ON CONFLICT ON CONSTRAINT conflict_pk DO NOTHING

-- name: put_named
-- An update first: whoever steps back may change their own row, and add none.
WITH known AS (
    UPDATE record.case_person SET proposed_by = $3, confirmed_by = $4, is_named = $5,
        left_at = CASE WHEN is_named AND NOT $5 THEN clock_timestamp() END
    WHERE case_ref = $1 AND organisation = split_part($2, ':', 1)
        AND person = split_part($2, ':', 2)
    RETURNING person
)
INSERT INTO record.case_person (case_ref, organisation, person, proposed_by, confirmed_by, is_named)
SELECT $1, split_part($2, ':', 1), split_part($2, ':', 2), $3, $4, $5
WHERE NOT EXISTS (SELECT FROM known)

-- name: put_transfer
INSERT INTO record.transfer (case_ref, number, to_organisation, offered_by, offered_at, state,
    answered_by, occurred_at)
SELECT case_ref, number, to_organisation, offered_by, offered_at, state, answered_by, occurred_at
FROM jsonb_populate_record(NULL::record.transfer, $1::jsonb)
ON CONFLICT ON CONSTRAINT transfer_pk DO UPDATE SET state = excluded.state,
    answered_by = excluded.answered_by, occurred_at = excluded.occurred_at,
    recorded_at = clock_timestamp()

-- name: put_erasure
WITH known AS (
    UPDATE record.erasure e SET state = said.state, answered_by = said.answered_by,
        occurred_at = said.occurred_at, recorded_at = clock_timestamp()
    FROM jsonb_populate_record(NULL::record.erasure, $1::jsonb) said
    WHERE e.case_ref = said.case_ref AND e.number = said.number
    RETURNING e.number
)
INSERT INTO record.erasure (case_ref, number, reason, state, proposed_by, proposed_at, occurred_at)
SELECT case_ref, number, reason, state, proposed_by, proposed_at, occurred_at
FROM jsonb_populate_record(NULL::record.erasure, $1::jsonb) WHERE NOT EXISTS (SELECT FROM known)

-- name: erase_case
SELECT record.erase($1)

-- name: take_lead
SELECT record.take_lead($1)

-- name: put_service_reason
INSERT INTO record.service_reason (case_ref, referral, organisation, reason, occurred_at)
VALUES ($1, $2, $3, $4, $5)

-- name: put_consultation
INSERT INTO record.consultation (case_ref, organisation, role, person, what, fields, occurred_at,
    had_task)
SELECT $1, $2, $3, $4, $5, $6, $7,
    EXISTS (SELECT 1 FROM record.case_file c WHERE c.case_ref = $1 AND c.owner = $2
        AND c.assigned_to = $4)
    OR EXISTS (SELECT 1 FROM record.task t WHERE t.case_ref = $1 AND NOT t.is_done
        AND (t.for_person = $2 || ':' || $4
            OR (t.for_person IS NULL AND t.for_role = $3 AND coalesce(t.organisation, $2) = $2)))
    OR EXISTS (SELECT 1 FROM record.referral r WHERE r.case_ref = $1 AND r.organisation = $2
        AND r.delivery = 'acked' AND coalesce(r.claimed_by, $2 || ':' || $4) = $2 || ':' || $4)

-- name: append_audit
INSERT INTO audit.entry (room, body) VALUES ('support', $1)
