-- All that a batch adds, or nothing if the tenant has had another commit since the batch was looked up ($62; NULL: it is held).
-- A part without rows costs next to nothing.
WITH held AS (
    UPDATE tenant SET commits = commits + 1 WHERE tenant_id = $1 AND ($62::bigint IS NULL OR commits = $62)
    RETURNING tenant_id, commits
), new_lead AS (
    INSERT INTO lead (tenant_id, lead_id, created_at, profile)
    SELECT held.tenant_id, n.* FROM held, unnest($2::uuid[], $3::timestamptz[], $4::jsonb[]) AS n
), new_ownership AS (
    INSERT INTO ownership (tenant_id, lead_id, epoch, state, owner, since, chain_since, chain_step, sla, respond_by,
                           accept_by, wake_at, waiting_pool, accepted_at, first_response_at, closed_at, close_outcome,
                           close_value, grade, rule, policy_revision, tried)
    SELECT held.tenant_id, o.lead_id, o.epoch, o.state, o.owner, o.since, o.chain_since, o.chain_step, o.sla, o.respond_by,
           o.accept_by, o.wake_at, o.waiting_pool, o.accepted_at, o.first_response_at, o.closed_at, o.close_outcome,
           o.close_value, o.grade, o.rule, o.policy_revision, string_to_array(o.tried, ',')
    FROM held,
         unnest($5::uuid[], $6::integer[], $7::smallint[], $8::text[], $9::timestamptz[], $10::timestamptz[],
                $11::smallint[], $12::text[], $13::timestamptz[], $14::timestamptz[], $15::timestamptz[], $16::text[],
                $17::timestamptz[], $18::timestamptz[], $19::timestamptz[], $20::smallint[], $21::bigint[],
                $22::smallint[], $23::text[], $24::bigint[], $25::text[])
         AS o (lead_id, epoch, state, owner, since, chain_since, chain_step, sla, respond_by, accept_by, wake_at,
               waiting_pool, accepted_at, first_response_at, closed_at, close_outcome, close_value, grade, rule,
               policy_revision, tried)
), new_assignment AS (
    INSERT INTO assignment (tenant_id, lead_id, epoch, owner, state, cause, started_at, ended_at, accepted_at,
                            first_response_at, actor, note, end_reason, traceparent, decision)
    SELECT held.tenant_id, n.*
    FROM held, unnest($26::uuid[], $27::integer[], $28::text[], $29::smallint[], $30::smallint[], $31::timestamptz[],
                      $32::timestamptz[], $33::timestamptz[], $34::timestamptz[], $35::text[], $36::text[], $37::text[],
                      $38::text[], $39::bytea[]) AS n
), new_timer AS (
    INSERT INTO timer (tenant_id, lead_id, kind, epoch, due_at, traceparent)
    SELECT held.tenant_id, n.*
    FROM held, unnest($40::uuid[], $41::smallint[], $42::integer[], $43::timestamptz[], $44::text[]) AS n
), new_identity AS (
    INSERT INTO identity (tenant_id, kind, digest, lead_id)
    SELECT held.tenant_id, n.* FROM held, unnest($45::smallint[], $46::uuid[], $47::uuid[]) AS n
), counted_load AS (
    INSERT INTO rep_load (tenant_id, rep_id, open_leads, day, day_leads, pace_since, pace_leads)
    SELECT held.tenant_id, n.*
    FROM held, unnest($48::text[], $49::integer[], $50::date[], $51::integer[], $52::timestamptz[], $53::integer[]) AS n
    ON CONFLICT (tenant_id, rep_id) DO UPDATE
    SET open_leads = excluded.open_leads, day = excluded.day, day_leads = excluded.day_leads,
        pace_since = excluded.pace_since, pace_leads = excluded.pace_leads
), counted_turn AS (
    INSERT INTO rotation (tenant_id, pool_id, grade, reps, credits, leads)
    SELECT held.tenant_id, r.pool_id, r.grade, string_to_array(r.reps, ','), string_to_array(r.credits, ',')::bigint[], r.leads
    FROM held,
         unnest($54::text[], $55::text[], $56::text[], $57::text[], $58::bigint[])
         AS r (pool_id, grade, reps, credits, leads)
    ON CONFLICT (tenant_id, pool_id, grade) DO UPDATE
    SET reps = excluded.reps, credits = excluded.credits, leads = excluded.leads
), new_request AS (
    -- In the first ten minutes of a day a response stands under the day before as well: else the primary key, which has the day
    -- in it, could not stop two commits of one request on either side of midnight.
    INSERT INTO request (tenant_id, request_id, day, fingerprint, response)
    SELECT held.tenant_id, r.request_id, kept.day::date, r.fingerprint, r.response
    FROM held,
         unnest($59::uuid[], $60::uuid[], $61::bytea[]) AS r (request_id, fingerprint, response),
         generate_series(((now() - interval '10 minutes') AT TIME ZONE 'UTC')::date, (now() AT TIME ZONE 'UTC')::date,
                         interval '1 day') AS kept (day)
)
SELECT max(commits) FROM held
