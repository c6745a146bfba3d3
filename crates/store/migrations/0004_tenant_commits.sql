-- Commits that changed what belongs to the tenant. Each adds one, and takes effect only if nobody else has added one since it
-- read what it decided by: one narrow row is locked instead of every counter (docs/adr/0006).
ALTER TABLE tenant ADD COLUMN commits bigint NOT NULL DEFAULT 0;
-- Room for the row's next version on the same page, so that no index is touched.
ALTER TABLE tenant SET (fillfactor = 50);
