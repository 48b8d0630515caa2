-- What is settled when a case is opened stays: who leads it, what she was told and when. And only
-- the worker, which places packets, writes the sharing ledger.

REVOKE UPDATE ON record.case_file FROM sp_web, sp_journeys;
GRANT UPDATE (version, stage, safety_confirmed, closing_reason, closing_asked_by)
    ON record.case_file TO sp_web, sp_journeys;
REVOKE INSERT ON record.share FROM sp_web;
