#!lua
-- Ends the work for a request under an Idempotency-Key: with an answer to keep, or without.
-- KEYS: idempotency hash
-- ARGV: token, then the answer if there is one
-- Returns 1, or 0 where the work is no longer the caller's.
local held = redis.call('HMGET', KEYS[1], 'token', 'answer')
if held[1] ~= ARGV[1] or held[2] then
  return 0
end

if ARGV[2] then
  redis.call('HSET', KEYS[1], 'answer', ARGV[2])
else
  redis.call('HSET', KEYS[1], 'leased_until', '0')
end
return 1
