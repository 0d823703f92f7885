"""What was computed before: in this process's memory, and in Redis for all of them."""

from knowalledge_api.cache.joined import Cache, CacheState
from knowalledge_api.cache.memory import CacheStats, MemoryCache

__all__ = ["Cache", "CacheState", "CacheStats", "MemoryCache"]
