-- Who is told by webhook what happens. `commit` and `place` are up to where messages were made of what happened; they move with the
-- messages. `resume_at`: nothing is sent before, since nobody was there the last `failures` times. Secrets are bytes that only those who
-- send understand.
CREATE TABLE subscription (
    tenant_id        integer     NOT NULL,
    subscription_id  text        NOT NULL,
    version          bigint      NOT NULL,
    url              text        NOT NULL,
    kinds            smallint[]  NOT NULL,
    state            smallint    NOT NULL,
    secret           bytea       NOT NULL,
    old_secret       bytea,
    old_secret_until timestamptz,
    created_at       timestamptz NOT NULL,
    commit           bigint      NOT NULL,
    place            integer     NOT NULL,
    resume_at        timestamptz,
    failures         integer     NOT NULL DEFAULT 0,
    problem          text,
    PRIMARY KEY (tenant_id, subscription_id)
) WITH (fillfactor = 50);

-- What is still to be sent, and what was given up (`dead_at`). A message that was delivered is gone. Whoever sends one is its `holder`,
-- and until `next_at` nobody else is. Those that follow another of their lead are not due before it, but it is their order that
-- counts, not that.
CREATE TABLE delivery (
    tenant_id       integer     NOT NULL,
    subscription_id text        NOT NULL,
    commit          bigint      NOT NULL,
    place           integer     NOT NULL,
    lead_id         uuid        NOT NULL,
    kind            smallint    NOT NULL,
    at              timestamptz NOT NULL,
    body            text        NOT NULL,
    since           timestamptz NOT NULL,
    attempts        integer     NOT NULL DEFAULT 0,
    next_at         timestamptz NOT NULL,
    holder          uuid,
    dead_at         timestamptz,
    problem         text,
    PRIMARY KEY (tenant_id, subscription_id, commit, place)
) WITH (fillfactor = 70);
-- What is due.
CREATE INDEX delivery_due ON delivery (tenant_id, subscription_id, next_at, commit, place) WHERE dead_at IS NULL;
-- In order per lead: a message is sent when none before it is left.
CREATE INDEX delivery_of_lead ON delivery (tenant_id, subscription_id, lead_id, commit, place) WHERE dead_at IS NULL;
CREATE INDEX delivery_dead ON delivery (dead_at) WHERE dead_at IS NOT NULL;
