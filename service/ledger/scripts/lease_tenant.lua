#!lua
-- Leases a tenant to one holder for a while.
-- KEYS: lease, fence counter
-- ARGV: milliseconds that the lease lives
-- Returns the fence, which rises with each lease; 0 where somebody else holds it.
if redis.call('EXISTS', KEYS[1]) == 1 then
  return 0
end
local fence = redis.call('INCR', KEYS[2])
redis.call('SET', KEYS[1], fence, 'PX', ARGV[1])
return fence
