#!lua flags=allow-oom
-- Reads an API key that is live and is the presented one, and notes its use now and then. It may do so in full memory
-- too: the note takes a few bytes once, and requests that only read must still be admitted.
-- KEYS: API key hash
-- ARGV: now, presented digest (hex), seconds between two notes
-- Returns the hash's fields and values, or nothing.
local now = tonumber(ARGV[1])
local held = redis.call('HMGET', KEYS[1], 'digest', 'revoked_at', 'expires_at', 'last_used_at')
local digest, revoked_at, expires_at, last_used_at = held[1], held[2], tonumber(held[3]), tonumber(held[4] or '')
if digest ~= ARGV[2] or revoked_at ~= '' or (expires_at and now >= expires_at) then
  return {}
end
if not last_used_at or now >= last_used_at + tonumber(ARGV[3]) then
  redis.call('HSET', KEYS[1], 'last_used_at', ARGV[1])
end
return redis.call('HGETALL', KEYS[1])
