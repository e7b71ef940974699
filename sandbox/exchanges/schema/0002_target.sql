-- The request line's own spelling: V3's signature is over it. Empty in rows from before.
ALTER TABLE exchanges ADD COLUMN target TEXT NOT NULL DEFAULT '';
