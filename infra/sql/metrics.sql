-- name: count_waiting
SELECT what, kind, code, counted, oldest_seconds FROM record.count_waiting()

-- name: count_states
SELECT what, kind, state, counted FROM record.count_states()
