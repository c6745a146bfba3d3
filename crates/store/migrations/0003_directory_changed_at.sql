-- When the directory came to be at its version; NULL: it was not changed since this column exists. The rows can't tell: one that
-- was removed does not say when.
ALTER TABLE tenant ADD COLUMN directory_changed_at timestamptz;
