-- What takes long: started by a request, carried out in parts by whichever replica comes first.
--
-- `cursor` is the last lead that is done; leads are done in ascending order, so a part that was begun and never recorded is begun
-- again at the same place. `holder` is who does the next part, until `lease_until`. `response` is what it came to, once its last
-- lead is done.
CREATE TABLE operation (
    tenant_id         integer          NOT NULL,
    operation_id      uuid             NOT NULL,
    fingerprint       uuid             NOT NULL,
    request           bytea            NOT NULL,
    actor             text             NOT NULL,
    traceparent       text,
    created_at        timestamptz      NOT NULL,
    cancelled_at      timestamptz,
    ended_at          timestamptz,
    total             integer          NOT NULL,
    moved             integer          NOT NULL DEFAULT 0,
    unchanged         integer          NOT NULL DEFAULT 0,
    changed_meanwhile integer          NOT NULL DEFAULT 0,
    refused           integer          NOT NULL DEFAULT 0,
    cursor            uuid             NOT NULL,
    next_at           timestamptz      NOT NULL,
    holder            uuid,
    lease_until       timestamptz,
    response          bytea,
    PRIMARY KEY (tenant_id, operation_id)
) WITH (fillfactor = 50);
-- What is to be done, whoever it belongs to: a few rows, most of the time none.
CREATE INDEX operation_open ON operation (next_at, tenant_id, operation_id) WHERE ended_at IS NULL;

-- The leads of an operation as they were selected, and what came of each; `outcome` NULL: it has not been its turn.
CREATE TABLE operation_lead (
    tenant_id    integer  NOT NULL,
    operation_id uuid     NOT NULL,
    lead_id      uuid     NOT NULL,
    epoch        integer  NOT NULL,
    state        smallint NOT NULL,
    owner        text     NOT NULL,
    outcome      smallint,
    new_owner    text,
    new_epoch    integer,
    reason       integer,
    message      text,
    PRIMARY KEY (tenant_id, operation_id, lead_id)
) WITH (fillfactor = 70);
