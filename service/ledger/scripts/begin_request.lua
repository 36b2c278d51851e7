#!lua
-- Takes on the work for a request under an Idempotency-Key, or says why not.
-- KEYS: idempotency hash
-- ARGV: fingerprint, token, lease in seconds, retention in seconds
-- Returns {'fresh'}, {'in_flight'}, {'mismatch'}, or {'done', answer}.
local held = redis.call('HMGET', KEYS[1], 'fingerprint', 'answer', 'leased_until')
local fingerprint, answer, leased_until = held[1], held[2], held[3]
local now = tonumber(redis.call('TIME')[1])
if fingerprint and fingerprint ~= ARGV[1] then
  return {'mismatch'}
end
if answer then
  return {'done', answer}
end
if leased_until and now < tonumber(leased_until) then
  return {'in_flight'}
end

local until_when = string.format('%d', now + tonumber(ARGV[3]))
redis.call('HSET', KEYS[1], 'fingerprint', ARGV[1], 'token', ARGV[2], 'leased_until', until_when)
if not fingerprint then
  redis.call('EXPIRE', KEYS[1], ARGV[4])
end
return {'fresh'}
