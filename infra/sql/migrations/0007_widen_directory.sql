-- What a service helps with, who it is led by and for, when it is open, and whether it can take
-- somebody on. Rows that are there already say nothing of it.

ALTER TABLE directory.service
    ADD COLUMN needs              text[]  NOT NULL DEFAULT '{}',
    ADD COLUMN by_and_for         text[]  NOT NULL DEFAULT '{}',
    ADD COLUMN hours              jsonb,
    ADD COLUMN capacity           text    NOT NULL DEFAULT 'unknown',
    ADD COLUMN expected_wait_days integer,
    ADD COLUMN capacity_on        date,
    ADD CONSTRAINT service_needs_known
        CHECK (needs <@ ARRAY['advocacy', 'housing', 'counselling', 'legal_advice', 'health',
                              'money', 'children', 'other']),
    ADD CONSTRAINT service_capacity_known
        CHECK (capacity IN ('unknown', 'open', 'limited', 'full')),
    ADD CONSTRAINT service_wait_not_negative CHECK (expected_wait_days >= 0);
