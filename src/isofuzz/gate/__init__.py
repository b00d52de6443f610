"""Where statements of the system under test are held: a proxy that speaks the wire protocol of Postgres."""
