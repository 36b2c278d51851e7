#!lua
-- Notes that a worker is alive and forgets those that have not said so for too long.
-- KEYS: members
-- ARGV: the worker's name, milliseconds that its word counts
-- Returns the names of all that are alive.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
return redis.call('ZRANGE', KEYS[1], 0, -1)
