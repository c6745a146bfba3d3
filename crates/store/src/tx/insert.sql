-- All that a batch adds, or nothing if the tenant has had another commit since the batch was looked up ($2; NULL: it is held).
-- A part without rows costs next to nothing; each column costs as much as a few rows, so `new` has none that can be told from others:
-- of a lead that is new nothing has happened yet.
WITH held AS (
    UPDATE tenant SET commits = commits + 1 WHERE tenant_id = $1 AND ($2::bigint IS NULL OR commits = $2)
    RETURNING tenant_id, commits
), new AS MATERIALIZED (
    SELECT held.tenant_id, n.*
    FROM held,
         unnest($3::uuid[], $4::timestamptz[], $5::text[], $6::smallint[], $7::text[], $8::timestamptz[], $9::text[],
                $10::timestamptz[], $11::timestamptz[], $12::timestamptz[], $13::text[], $14::timestamptz[], $15::smallint[],
                $16::smallint[], $17::text[], $18::bigint[], $19::smallint[], $20::smallint[], $21::text[], $22::text[],
                $23::text[], $24::bytea[])
         AS n (lead_id, created_at, profile, state, owner, since, sla, respond_by, accept_by, wake_at, waiting_pool, closed_at,
               close_outcome, grade, rule, policy_revision, period_state, cause, actor, note, traceparent, decision)
), new_lead AS (
    INSERT INTO lead (tenant_id, lead_id, created_at, profile)
    SELECT tenant_id, lead_id, created_at, profile::json FROM new
), new_ownership AS (
    INSERT INTO ownership (tenant_id, lead_id, epoch, state, owner, since, chain_since, chain_step, sla, respond_by, accept_by,
                           wake_at, waiting_pool, closed_at, close_outcome, grade, rule, policy_revision, tried)
    SELECT tenant_id, lead_id, 1, state, owner, since, since, 0, sla, respond_by, accept_by, wake_at, waiting_pool, closed_at,
           close_outcome, grade, rule, policy_revision, '{}'
    FROM new
), new_assignment AS (
    INSERT INTO assignment (tenant_id, lead_id, epoch, owner, state, cause, started_at, ended_at, actor, note, traceparent,
                            decision)
    SELECT tenant_id, lead_id, 1, owner, period_state, cause, since, closed_at, actor, note, traceparent, decision FROM new
), new_timer AS (
    INSERT INTO timer (tenant_id, lead_id, kind, epoch, due_at, traceparent)
    SELECT held.tenant_id, n.*
    FROM held, unnest($25::uuid[], $26::smallint[], $27::integer[], $28::timestamptz[], $29::text[]) AS n
), new_identity AS (
    INSERT INTO identity (tenant_id, kind, digest, lead_id)
    SELECT held.tenant_id, n.* FROM held, unnest($30::smallint[], $31::uuid[], $32::uuid[]) AS n
), counted_load AS (
    INSERT INTO rep_load (tenant_id, rep_id, open_leads, day, day_leads, pace_since, pace_leads)
    SELECT held.tenant_id, n.*
    FROM held, unnest($33::text[], $34::integer[], $35::date[], $36::integer[], $37::timestamptz[], $38::integer[]) AS n
    ON CONFLICT (tenant_id, rep_id) DO UPDATE
    SET open_leads = excluded.open_leads, day = excluded.day, day_leads = excluded.day_leads,
        pace_since = excluded.pace_since, pace_leads = excluded.pace_leads
), counted_turn AS (
    INSERT INTO rotation (tenant_id, pool_id, grade, reps, credits, leads)
    SELECT held.tenant_id, r.pool_id, r.grade, string_to_array(r.reps, ','), string_to_array(r.credits, ',')::bigint[], r.leads
    FROM held,
         unnest($39::text[], $40::text[], $41::text[], $42::text[], $43::bigint[])
         AS r (pool_id, grade, reps, credits, leads)
    ON CONFLICT (tenant_id, pool_id, grade) DO UPDATE
    SET reps = excluded.reps, credits = excluded.credits, leads = excluded.leads
), new_request AS (
    -- In the first ten minutes of a day a response stands under the day before as well: else the primary key, which has the day
    -- in it, could not stop two commits of one request on either side of midnight.
    INSERT INTO request (tenant_id, request_id, day, fingerprint, response)
    SELECT held.tenant_id, r.request_id, kept.day::date, r.fingerprint, r.response
    FROM held,
         unnest($44::uuid[], $45::uuid[], $46::bytea[]) AS r (request_id, fingerprint, response),
         generate_series(((now() - interval '10 minutes') AT TIME ZONE 'UTC')::date, (now() AT TIME ZONE 'UTC')::date,
                         interval '1 day') AS kept (day)
), told AS (
    INSERT INTO outbox (tenant_id, commit, day, at, leads, epochs, kinds, states, steps, respond_by, until)
    SELECT tenant_id, commits, (now() AT TIME ZONE 'UTC')::date, $47::timestamptz, $48::uuid[], $49::integer[], $50::smallint[],
           $51::smallint[], $52::integer[], $53::timestamptz[], $54::timestamptz[]
    FROM held WHERE $47 IS NOT NULL
)
SELECT max(commits) FROM held
