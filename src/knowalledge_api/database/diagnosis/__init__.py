"""What the database server says of itself, and of us: asked once, in bounded time."""
