"""Where statements of the system under test are held: a door in front of its database, and its event loop."""
