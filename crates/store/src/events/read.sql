-- What happened to leads of a tenant after a position, with what history keeps of it. One row at least, which tells how things
-- stand; so all is of one moment. Commits come first, then their events, then what belongs to each: nothing is looked up that
-- is not told.
SELECT t.commits, t.told_from, t.directory_version, t.policy_revision, t.model_revision,
       n.commit AS "commit?", n.place AS "place?: i64", n.at AS "at?: SqlTime", n.lead_id AS "lead_id?: Uuid", n.epoch AS "epoch?: i32",
       n.kind AS "kind?: i16", n.state AS "state?: i16", n.step AS "step?: i32", n.respond_by AS "respond_by?: SqlTime",
       n.until AS "until?: SqlTime", a.owner AS "owner?", a.cause AS "cause?",
       b.owner AS "owner_before?", b.state AS "state_before?", b.end_reason AS "end_reason?",
       x.action AS "action?", x.target AS "target?", x.due_at AS "due_at?: SqlTime", x.done_at AS "done_at?: SqlTime",
       w.close_outcome AS "close_outcome?", w.close_value AS "close_value?"
FROM tenant AS t
LEFT JOIN LATERAL (
    SELECT o.commit, o.at, e.*
    FROM (SELECT * FROM outbox WHERE tenant_id = $1 AND commit >= $2 ORDER BY commit LIMIT $4) AS o
    CROSS JOIN LATERAL unnest(o.leads, o.epochs, o.kinds, o.states, o.steps, o.respond_by, o.until) WITH ORDINALITY
        AS e (lead_id, epoch, kind, state, step, respond_by, until, place)
    WHERE o.commit > $2 OR e.place > $3
    ORDER BY o.commit, e.place LIMIT $5
) AS n ON true
LEFT JOIN LATERAL (
    SELECT * FROM assignment WHERE tenant_id = $1 AND lead_id = n.lead_id AND epoch = n.epoch OFFSET 0
) AS a ON true
LEFT JOIN LATERAL (
    SELECT * FROM assignment WHERE tenant_id = $1 AND lead_id = n.lead_id AND epoch = n.epoch - 1 OFFSET 0
) AS b ON true
LEFT JOIN LATERAL (
    SELECT * FROM escalation WHERE tenant_id = $1 AND lead_id = n.lead_id AND epoch = n.epoch AND step = n.step OFFSET 0
) AS x ON true
LEFT JOIN LATERAL (
    SELECT * FROM ownership WHERE tenant_id = $1 AND lead_id = n.lead_id OFFSET 0
) AS w ON true
WHERE t.tenant_id = $1
ORDER BY n.commit, n.place
