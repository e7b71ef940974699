-- Merchants that came by the control API, as it was told of them, in the order in which they came.
CREATE TABLE merchants (
    id         INTEGER PRIMARY KEY,
    mch_id     TEXT NOT NULL UNIQUE,
    definition TEXT NOT NULL
) STRICT;
