"""The tables, who may see which row, and what the application's role is granted.

Whose rows a transaction sees is decided by settings that hold until it ends: `app.user_id` for a signed-in user,
`app.name` or `app.token_hash` for somebody who is just signing in. Without any of them there are no rows. The service
itself reads on behalf of everyone: as a role of its own, which the application's takes on until the transaction ends.

Policies look only "downwards", messages at threads at members, so none of them recurses and no function has to run
with more rights than its caller: a member's row carries the thread's owner, kept true by its foreign key.
"""

import asyncpg

_SCHEMA = """
CREATE FUNCTION acting_user() RETURNS uuid STABLE LANGUAGE sql
    RETURN nullif(current_setting('app.user_id', true), '')::uuid;

CREATE TABLE users (
    id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name          text NOT NULL UNIQUE CHECK (name <> ''),
    about         text NOT NULL DEFAULT '',
    about_version bigint NOT NULL DEFAULT 0,
    signed_in_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE sessions (
    token_hash text PRIMARY KEY CHECK (token_hash <> ''),
    user_id    uuid NOT NULL REFERENCES users
);

CREATE TABLE threads (
    id       uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    owner_id uuid NOT NULL REFERENCES users,
    slug     text NOT NULL,
    title    text NOT NULL,
    position bigint GENERATED ALWAYS AS IDENTITY,  -- the order in lists; two clock readings can be equal
    UNIQUE (owner_id, slug),
    UNIQUE (id, owner_id)
);

CREATE TABLE thread_members (
    thread_id uuid NOT NULL,
    user_id   uuid NOT NULL REFERENCES users,
    owner_id  uuid NOT NULL CHECK (owner_id <> user_id),
    PRIMARY KEY (thread_id, user_id),
    FOREIGN KEY (thread_id, owner_id) REFERENCES threads (id, owner_id) ON DELETE CASCADE
);
CREATE INDEX ON thread_members (user_id);

-- Whoever writes a message numbers it, and row security knows no columns: so the number is no column of the thread.
CREATE TABLE thread_counters (
    thread_id uuid PRIMARY KEY REFERENCES threads ON DELETE CASCADE,
    last_seq  bigint NOT NULL
);

CREATE TABLE messages (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    thread_id        uuid NOT NULL REFERENCES threads ON DELETE CASCADE,
    seq              bigint NOT NULL,
    author_id        uuid NOT NULL REFERENCES users,
    body             text NOT NULL,
    quoted_id        bigint REFERENCES messages ON DELETE SET NULL,
    quoted_author_id uuid,  -- whose words the author says they are: no more than a claim, so it refers to nobody
    UNIQUE (thread_id, seq)
);
CREATE INDEX ON messages (quoted_id);

ALTER TABLE users           ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE sessions        ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE threads         ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE thread_members  ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE thread_counters ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE messages        ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY oneself    ON users FOR ALL    USING (id = acting_user());
CREATE POLICY signing_in ON users FOR ALL    USING (name = current_setting('app.name', true));
CREATE POLICY service    ON users FOR SELECT TO {service_role} USING (true);

CREATE POLICY own        ON sessions FOR ALL    USING (user_id = acting_user());
CREATE POLICY resuming   ON sessions FOR SELECT USING (token_hash = current_setting('app.token_hash', true));
CREATE POLICY signing_in ON sessions FOR INSERT WITH CHECK (EXISTS (
    SELECT FROM users WHERE users.id = user_id AND users.name = current_setting('app.name', true)));

CREATE POLICY own       ON threads FOR ALL    USING (owner_id = acting_user());
CREATE POLICY member_of ON threads FOR SELECT USING (EXISTS (
    SELECT FROM thread_members m WHERE m.thread_id = threads.id AND m.user_id = acting_user()));
CREATE POLICY service   ON threads FOR SELECT TO {service_role} USING (true);
-- Locking a row asks for the right to update it. Who sees a thread may lock it, and change nothing.
CREATE POLICY lock      ON threads FOR UPDATE USING (true) WITH CHECK (false);

CREATE POLICY owner   ON thread_members FOR ALL    USING (owner_id = acting_user());
CREATE POLICY oneself ON thread_members FOR SELECT USING (user_id = acting_user());
CREATE POLICY service ON thread_members FOR SELECT TO {service_role} USING (true);

CREATE POLICY in_seen_thread ON thread_counters FOR ALL
    USING (EXISTS (SELECT FROM threads t WHERE t.id = thread_counters.thread_id));

CREATE POLICY in_seen_thread ON messages FOR SELECT
    USING (EXISTS (SELECT FROM threads t WHERE t.id = messages.thread_id));
CREATE POLICY author ON messages FOR ALL
    USING (author_id = acting_user() AND EXISTS (SELECT FROM threads t WHERE t.id = messages.thread_id));

GRANT USAGE ON SCHEMA public TO {app_role}, {service_role};
GRANT SELECT, INSERT, UPDATE (about, about_version, signed_in_at) ON users TO {app_role}, {service_role};
GRANT SELECT, INSERT, DELETE                 ON sessions        TO {app_role}, {service_role};
GRANT SELECT, INSERT, UPDATE (title), DELETE ON threads         TO {app_role}, {service_role};
GRANT SELECT, INSERT, DELETE                 ON thread_members  TO {app_role}, {service_role};
GRANT SELECT, INSERT, UPDATE (last_seq)      ON thread_counters TO {app_role}, {service_role};
GRANT SELECT, INSERT, UPDATE (body), DELETE  ON messages        TO {app_role}, {service_role};
"""


async def create_schema(owner_url: str, app_role: str, service_role: str) -> None:
    """Create the chat's tables in an empty database, owned by `owner_url`'s role and usable by `app_role`.

    `service_role`, which the application can take on, reads on behalf of everyone, and writes as whoever is acted for.
    """
    connection = await asyncpg.connect(owner_url)
    try:
        await connection.execute(_SCHEMA.format(app_role=_quoted(app_role), service_role=_quoted(service_role)))
    finally:
        await connection.close()


def _quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'
