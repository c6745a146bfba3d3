-- Who is there to fire timers: a row for each replica, renewed every few seconds. It only says who looks at which timers first, so that
-- two do not do the same in vain; anybody may fire any timer.
CREATE TABLE scheduler (
    replica uuid        PRIMARY KEY,
    seen_at timestamptz NOT NULL
);
