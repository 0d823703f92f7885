"""How many requests whom is allowed, counted over all workers, with Redis and without."""
