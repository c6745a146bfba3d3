-- Clocks of first responses that have ended, for reports: one row when a lead is answered or closed, or given to others with a clock of their
-- own. `epoch` and `owner` are those in which the clock ended.
CREATE TABLE response (
    tenant_id   integer     NOT NULL,
    lead_id     uuid        NOT NULL,
    epoch       integer     NOT NULL,
    owner       text        NOT NULL,
    sla         text,
    began_at    timestamptz NOT NULL,
    respond_by  timestamptz NOT NULL,
    answered_at timestamptz,
    ended_at    timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, lead_id, epoch)
);
CREATE INDEX response_by_time ON response (tenant_id, began_at);

-- Leads that wait for their first response, by when it is due.
CREATE INDEX ownership_due ON ownership (tenant_id, respond_by, lead_id)
    WHERE respond_by IS NOT NULL AND first_response_at IS NULL AND closed_at IS NULL;
