-- When a revision was last put in force; NULL: never.
ALTER TABLE policy ADD COLUMN activated_at timestamptz;
ALTER TABLE scoring_model ADD COLUMN activated_at timestamptz;
