-- How much work there is, across cases, for whoever watches over the service. Row security shows the
-- worker one case at a time, so it counts through these functions: they return enums, numbers and
-- ages, and no reference, organisation or person. Restricted and private rows are in the sums.

-- What leaves soon is found without reading all that ever left.
CREATE INDEX outbox_open_ix ON record.outbox (kind, recorded_at) WHERE state = 'queued';

-- What waits, by kind and code where it has one, with the age of the oldest in seconds.
CREATE FUNCTION record.count_waiting()
    RETURNS TABLE (what text, kind text, code text, counted bigint, oldest_seconds double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT w.what, w.kind, w.code, w.counted,
        coalesce(greatest(extract(epoch FROM clock_timestamp() - w.oldest_at), 0), 0)
    FROM (
        SELECT 'delivery' AS what, o.kind, NULL::text AS code, count(*) AS counted,
            min(o.recorded_at) AS oldest_at
        FROM record.outbox o WHERE o.state = 'queued' GROUP BY o.kind
        UNION ALL
        SELECT 'wake', NULL, NULL, count(*), min(k.recorded_at)
        FROM record.wake k WHERE k.done_at IS NULL
        UNION ALL
        SELECT 'withdrawal_post', NULL, NULL, count(*), min(p.recorded_at)
        FROM record.withdrawal_post p WHERE p.done_at IS NULL
        UNION ALL
        SELECT 'overdue', NULL, NULL, count(*), min(d.due_at)
        FROM record.deadline d
        WHERE d.state IN ('running', 'breached') AND d.due_at < clock_timestamp()
        UNION ALL
        SELECT 'trouble', t.step, t.code, count(*), min(t.since)
        FROM record.trouble t WHERE t.settled_at IS NULL GROUP BY t.step, t.code
    ) w
$$;

-- What there is of everything, by kind and state. It reads whole tables (0.3 s for 200,000 cases), so
-- it is for once a minute; an index for it would cost more at every write.
CREATE FUNCTION record.count_states()
    RETURNS TABLE (what text, kind text, state text, counted bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT 'referral', NULL::text, r.state, count(*) FROM record.referral r GROUP BY r.state
    UNION ALL
    SELECT 'deadline', NULL, d.state, count(*) FROM record.deadline d GROUP BY d.state
    UNION ALL
    SELECT 'delivery', o.kind, o.state, count(*) FROM record.outbox o GROUP BY o.kind, o.state
$$;

REVOKE ALL ON FUNCTION record.count_waiting(), record.count_states() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.count_waiting(), record.count_states() TO sp_journeys;
