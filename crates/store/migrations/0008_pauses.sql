-- Times during which the clocks of a lead stood, as somebody wanted it: history. `ended_at` NULL: they stand. The deadlines are those
-- that the clocks had when they stopped; NULL: it did not run.
CREATE TABLE pause (
    tenant_id   integer     NOT NULL,
    lead_id     uuid        NOT NULL,
    number      integer     NOT NULL CHECK (number >= 1),
    epoch       integer     NOT NULL CHECK (epoch >= 1),
    reason      smallint    NOT NULL,
    note        text,
    actor       text        NOT NULL,
    started_at  timestamptz NOT NULL,
    until       timestamptz,
    ended_at    timestamptz,
    respond_by  timestamptz,
    accept_by   timestamptz,
    escalate_at timestamptz,
    PRIMARY KEY (tenant_id, lead_id, number),
    CHECK (ended_at >= started_at)
) PARTITION BY RANGE (lead_id);
CREATE TABLE pause_default PARTITION OF pause DEFAULT;
-- A lead has one pause at a time.
CREATE UNIQUE INDEX pause_standing ON pause (tenant_id, lead_id) WHERE ended_at IS NULL;
