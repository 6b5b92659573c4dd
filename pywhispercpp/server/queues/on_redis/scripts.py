"""What Redis does in one step: small programs in Lua. Each may be sent twice, and does no more than once."""

from __future__ import annotations

__all__ = ["ADMIT", "BEAT", "CONCLUDE", "FIRST", "PUT", "REFRESH", "RELEASE", "TAKE"]

_NOW = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
"""

_IF_HELD = """
if redis.call('HGET', KEYS[1], 'holder') ~= ARGV[1] then return 0 end
"""

# KEYS: SAQ's queue, those that are coming; ARGV: how many may wait, id, ms for which its place is kept.
# Returns -1 where there is room, else how many wait.
ADMIT = f"""{_NOW}
redis.call('ZREMRANGEBYSCORE', KEYS[2], 0, now)
local waiting = redis.call('LLEN', KEYS[1]) + redis.call('ZCARD', KEYS[2])
if waiting >= tonumber(ARGV[1]) then return waiting end
if ARGV[2] ~= '' then redis.call('ZADD', KEYS[2], now + ARGV[3], ARGV[2]) end
return -1
"""

# KEYS: task, audio, undone; ARGV: id, task, parts of the audio, ms for which its result will be kept, ms that
# it lives itself (0 for ever).
PUT = """
redis.call('HSET', KEYS[1], 'task', ARGV[2], 'parts', ARGV[3], 'keep', ARGV[4])
redis.call('SADD', KEYS[3], ARGV[1])
if ARGV[5] == '0' then
    redis.call('PERSIST', KEYS[2])
else
    redis.call('PEXPIRE', KEYS[1], ARGV[5])
    redis.call('PEXPIRE', KEYS[2], ARGV[5])
end
"""

# KEYS: task, undone; ARGV: id, holder, ms after which a holder that says nothing is gone.
TAKE = f"""{_NOW}
if redis.call('SISMEMBER', KEYS[2], ARGV[1]) == 0 or redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local holder = redis.call('HGET', KEYS[1], 'holder')
local beat = tonumber(redis.call('HGET', KEYS[1], 'beat') or 0)
if holder and holder ~= ARGV[2] and now - beat < tonumber(ARGV[3]) then return 0 end
redis.call('HSET', KEYS[1], 'holder', ARGV[2], 'beat', now)
return 1
"""

# KEYS: task; ARGV: holder, task, progress.
BEAT = f"""{_IF_HELD}{_NOW}
redis.call('HSET', KEYS[1], 'beat', now, 'task', ARGV[2], 'progress', ARGV[3])
return 1
"""

# KEYS: task; ARGV: holder, task.
RELEASE = f"""{_IF_HELD}
redis.call('HSET', KEYS[1], 'task', ARGV[2])
redis.call('HDEL', KEYS[1], 'holder', 'beat', 'progress')
return 1
"""

_KEEP = """
local expires = now + redis.call('HGET', KEYS[1], 'keep')
redis.call('HSET', KEYS[1], 'expires', expires)
redis.call('PEXPIREAT', KEYS[1], expires)
"""

# KEYS: task, audio, undone, channel; ARGV: holder, id, task, transcript.
CONCLUDE = f"""{_IF_HELD}{_NOW}
redis.call('HSET', KEYS[1], 'task', ARGV[3])
if ARGV[4] ~= '' then redis.call('HSET', KEYS[1], 'transcript', ARGV[4]) end
redis.call('HDEL', KEYS[1], 'holder', 'beat', 'progress')
redis.call('DEL', KEYS[2])
redis.call('SREM', KEYS[3], ARGV[2])
redis.call('PUBLISH', KEYS[4], '')
{_KEEP}
return 1
"""

# KEYS: task. Nothing for one that is not done.
REFRESH = f"""{_NOW}
if redis.call('HEXISTS', KEYS[1], 'expires') == 0 then return 0 end
{_KEEP}
return 1
"""

# KEYS: SAQ's queue; ARGV: id of a job. Puts it in front of all others, where it waits.
FIRST = """
if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 1 then redis.call('LPUSH', KEYS[1], ARGV[1]) end
"""
