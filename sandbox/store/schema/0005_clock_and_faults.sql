-- Business time as it was at the last commit, and the machine's then: what a restart goes on from.
CREATE TABLE business_time (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    now  INTEGER NOT NULL,
    mode TEXT    NOT NULL,
    real INTEGER NOT NULL
) STRICT;

-- What goes wrong on purpose, each as JSON, in the order in which they came.
CREATE TABLE faults (
    id         INTEGER PRIMARY KEY,
    name       TEXT    NOT NULL UNIQUE,
    definition TEXT    NOT NULL,
    configured INTEGER NOT NULL,
    matched    INTEGER NOT NULL,
    injected   INTEGER NOT NULL
) STRICT;
