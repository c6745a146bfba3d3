-- What others are told of: one row for each commit that changed the ownership of a lead, written with it. The number is that of
-- `tenant.commits`, so (tenant, commit) is the order in which things happened, and nobody can come between two rows that are read.
-- What history keeps of an assignment or an escalation step is not repeated: an event names both by lead, epoch and step.
--
-- The arrays are parallel, an event in each place. `day` is by the database's clock, and there for the partitions.
CREATE TABLE outbox (
    tenant_id  integer       NOT NULL,
    commit     bigint        NOT NULL,
    day        date          NOT NULL,
    at         timestamptz   NOT NULL,
    leads      uuid[]        NOT NULL,
    epochs     integer[]     NOT NULL,
    kinds      smallint[]    NOT NULL,
    states     smallint[]    NOT NULL,
    steps      integer[]     NOT NULL,
    respond_by timestamptz[] NOT NULL,
    until      timestamptz[] NOT NULL,
    PRIMARY KEY (tenant_id, commit, day)
) PARTITION BY RANGE (day);
CREATE TABLE outbox_default PARTITION OF outbox DEFAULT;

-- What happened up to this commit can't be told any more: its rows were dropped, or it was before the outbox.
ALTER TABLE tenant ADD COLUMN told_from bigint NOT NULL DEFAULT 0;
UPDATE tenant SET told_from = commits;
