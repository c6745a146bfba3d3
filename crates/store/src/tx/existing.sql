-- All that a batch changes, or nothing if the tenant has had another commit since the batch was looked up ($45; NULL: it is held), with how many rows of each kind were found as expected. The epoch either stays (the same assignment
-- goes on) or goes up by one (the next begins): what was decided for another epoch changes nothing.
--
-- `OFFSET 0` hides from the planner that the tenant is one and the same in all rows. Else, as long as it knows no statistics of
-- a young table, it expects a tenant to have a handful of rows and reads all of them; so it looks up each row by its whole key.
WITH held AS (
    UPDATE tenant SET commits = commits + 1 WHERE tenant_id = $1 AND ($45::bigint IS NULL OR commits = $45)
    RETURNING tenant_id, commits
), owned AS (
    UPDATE ownership AS o
    SET epoch = n.epoch, state = n.state, owner = n.owner, since = n.since, chain_since = n.chain_since,
        chain_step = n.chain_step, sla = n.sla, respond_by = n.respond_by, accept_by = n.accept_by, wake_at = n.wake_at,
        waiting_pool = n.waiting_pool, accepted_at = n.accepted_at, first_response_at = n.first_response_at,
        closed_at = n.closed_at, close_outcome = n.close_outcome, close_value = n.close_value, grade = n.grade,
        rule = n.rule, policy_revision = n.policy_revision, tried = string_to_array(n.tried, ',')
    FROM (
        SELECT held.tenant_id, r.*
        FROM held, unnest($2::integer[], $3::uuid[], $4::integer[], $5::smallint[], $6::text[], $7::timestamptz[],
                    $8::timestamptz[], $9::smallint[], $10::text[], $11::timestamptz[], $12::timestamptz[],
                    $13::timestamptz[], $14::text[], $15::timestamptz[], $16::timestamptz[], $17::timestamptz[],
                    $18::smallint[], $19::bigint[], $20::smallint[], $21::text[], $22::bigint[], $23::text[])
             AS r (expected, lead_id, epoch, state, owner, since, chain_since, chain_step, sla, respond_by, accept_by,
                   wake_at, waiting_pool, accepted_at, first_response_at, closed_at, close_outcome, close_value, grade,
                   rule, policy_revision, tried)
        OFFSET 0
    ) AS n
    WHERE o.tenant_id = n.tenant_id AND o.lead_id = n.lead_id AND o.epoch = n.expected AND n.epoch IN (o.epoch, o.epoch + 1)
    RETURNING 1
), answered AS (
    UPDATE assignment AS a
    SET state = n.state, ended_at = n.ended_at, accepted_at = n.accepted_at, first_response_at = n.first_response_at,
        note = n.note, end_reason = n.end_reason
    FROM (
        SELECT held.tenant_id, r.*
        FROM held, unnest($24::uuid[], $25::integer[], $26::smallint[], $27::timestamptz[], $28::timestamptz[],
                    $29::timestamptz[], $30::text[], $31::text[])
             AS r (lead_id, epoch, state, ended_at, accepted_at, first_response_at, note, end_reason)
        OFFSET 0
    ) AS n
    WHERE a.tenant_id = n.tenant_id AND a.lead_id = n.lead_id AND a.epoch = n.epoch
    RETURNING 1
), begun AS (
    INSERT INTO assignment (tenant_id, lead_id, epoch, owner, state, cause, started_at, ended_at, accepted_at,
                            first_response_at, actor, note, end_reason, traceparent, decision)
    SELECT held.tenant_id, n.*
    FROM held, unnest($51::uuid[], $52::integer[], $53::text[], $54::smallint[], $55::smallint[], $56::timestamptz[],
                      $57::timestamptz[], $58::timestamptz[], $59::timestamptz[], $60::text[], $61::text[], $62::text[],
                      $63::text[], $64::bytea[]) AS n
), cleared AS (
    DELETE FROM timer AS t
    USING (
        SELECT held.tenant_id, r.* FROM held, unnest($32::uuid[], $33::smallint[]) AS r (lead_id, kind) OFFSET 0
    ) AS n
    WHERE t.tenant_id = n.tenant_id AND t.lead_id = n.lead_id AND t.kind = n.kind
), set_timer AS (
    INSERT INTO timer (tenant_id, lead_id, kind, epoch, due_at, traceparent)
    SELECT held.tenant_id, n.*
    FROM held, unnest($46::uuid[], $47::smallint[], $48::integer[], $49::timestamptz[], $50::text[]) AS n
    ON CONFLICT (tenant_id, lead_id, kind) DO UPDATE
    SET epoch = excluded.epoch, due_at = excluded.due_at, traceparent = excluded.traceparent
), moved AS (
    UPDATE identity AS i
    SET lead_id = n.to_lead
    FROM (
        SELECT held.tenant_id, r.*
        FROM held, unnest($34::smallint[], $35::uuid[], $36::uuid[], $37::uuid[]) AS r (kind, digest, from_lead, to_lead)
        OFFSET 0
    ) AS n
    WHERE i.tenant_id = n.tenant_id AND i.kind = n.kind AND i.digest = n.digest AND i.lead_id = n.from_lead
    RETURNING 1
), done AS (
    INSERT INTO escalation (tenant_id, lead_id, epoch, step, action, target, due_at, done_at, acknowledged_at, acknowledged_by)
    SELECT held.tenant_id, n.*
    FROM held, unnest($38::uuid[], $39::integer[], $40::integer[], $41::smallint[], $42::text[],
                             $43::timestamptz[], $44::timestamptz[], $85::timestamptz[], $86::text[]) AS n
), acknowledged AS (
    -- The step that was done last, whichever assignment's clock had run out.
    UPDATE escalation AS e
    SET acknowledged_at = n.at, acknowledged_by = n.by
    FROM (
        SELECT held.tenant_id, a.*, (
            SELECT max(epoch) FROM escalation WHERE tenant_id = held.tenant_id AND lead_id = a.lead_id AND step = a.step
        ) AS epoch
        FROM held, unnest($87::uuid[], $88::integer[], $89::timestamptz[], $90::text[]) AS a (lead_id, step, at, by)
        OFFSET 0
    ) AS n
    WHERE e.tenant_id = n.tenant_id AND e.lead_id = n.lead_id AND e.step = n.step AND e.epoch = n.epoch
      AND e.acknowledged_at IS NULL
), paused AS (
    -- One that ends comes before the next one of its lead.
    INSERT INTO pause (tenant_id, lead_id, number, epoch, reason, note, actor, started_at, until, ended_at, respond_by, accept_by,
                       escalate_at)
    SELECT held.tenant_id, n.*
    FROM held, unnest($73::uuid[], $74::integer[], $75::integer[], $76::smallint[], $77::text[], $78::text[],
                      $79::timestamptz[], $80::timestamptz[], $81::timestamptz[], $82::timestamptz[], $83::timestamptz[],
                      $84::timestamptz[]) AS n
    ON CONFLICT (tenant_id, lead_id, number) DO UPDATE SET ended_at = excluded.ended_at
), clocked AS (
    INSERT INTO response (tenant_id, lead_id, epoch, owner, sla, began_at, respond_by, answered_at, ended_at)
    SELECT held.tenant_id, n.*
    FROM held, unnest($91::uuid[], $92::integer[], $93::text[], $94::text[], $95::timestamptz[], $96::timestamptz[],
                      $97::timestamptz[], $98::timestamptz[]) AS n
), told AS (
    INSERT INTO outbox (tenant_id, commit, day, at, leads, epochs, kinds, states, steps, respond_by, until)
    SELECT tenant_id, commits, (now() AT TIME ZONE 'UTC')::date, $65::timestamptz, $66::uuid[], $67::integer[], $68::smallint[],
           $69::smallint[], $70::integer[], $71::timestamptz[], $72::timestamptz[]
    FROM held WHERE $65 IS NOT NULL
)
SELECT (SELECT max(commits) FROM held) AS commits, (SELECT count(*) FROM owned) AS "ownerships!", (SELECT count(*) FROM answered) AS "assignments!",
       (SELECT count(*) FROM moved) AS "identities!"
