-- When somebody first said to be on a step of the chain, and who.
ALTER TABLE escalation ADD COLUMN acknowledged_at timestamptz, ADD COLUMN acknowledged_by text;
-- "Handed to the manager" is an offer, as "handed to the backup" is: `target` says to whom.
UPDATE escalation SET action = 2 WHERE action = 3;
