-- The seed that the last server here had: the keys of merchants that came into being on first use follow from it.
CREATE TABLE seed (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    value INTEGER NOT NULL
) STRICT;
