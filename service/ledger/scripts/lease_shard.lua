#!lua
-- Leases a shard to one worker for a while. Fences rise even if the server has lost all memory of the earlier ones,
-- because none is less than the clock.
-- KEYS: shard's lease, fence
-- ARGV: worker's name, milliseconds that the lease lives
-- Returns the fence, or nothing where another worker holds the shard.
local last = tonumber(redis.call('GET', KEYS[2]) or '0')
if redis.call('EXISTS', KEYS[1]) == 1 then
  return false
end
local time = redis.call('TIME')
local fence = string.format('%.0f', math.max(last + 1, time[1] * 1000 + math.floor(time[2] / 1000)))
redis.call('SET', KEYS[2], fence)
redis.call('HSET', KEYS[1], 'fence', fence, 'owner', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return fence
