-- A profile is read as a whole and never searched: kept as it was written, which costs a new lead less than taking it apart.
ALTER TABLE lead ALTER COLUMN profile TYPE json;
