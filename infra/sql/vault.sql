-- name: put_case_key
INSERT INTO vault.case_key (case_ref, version, wrapped, kek_id) VALUES ($1, $2, $3, $4)

-- name: read_case_keys
SELECT version, wrapped, kek_id, destroyed_at FROM vault.case_key WHERE case_ref = $1
ORDER BY version DESC

-- name: put_organisation_key
INSERT INTO vault.organisation_key (organisation, version, wrapped, kek_id)
VALUES ($1, $2, $3, $4) ON CONFLICT ON CONSTRAINT organisation_key_pk DO NOTHING

-- name: read_organisation_keys
SELECT version, wrapped, kek_id, NULL::timestamptz AS destroyed_at FROM vault.organisation_key
WHERE organisation = $1 ORDER BY version DESC
