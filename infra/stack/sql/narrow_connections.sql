-- Only our roles enter our database, and they enter no other.
REVOKE ALL ON DATABASE safepath, postgres, template1 FROM PUBLIC;
GRANT CONNECT ON DATABASE safepath TO sp_owner, sp_journeys, sp_web, sp_gate, sp_audit;
