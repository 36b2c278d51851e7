#!lua
-- Hands out tenants whose review is due, and lets each come back soon unless it is scheduled anew.
-- KEYS: reviews zset
-- ARGV: now, when the tenants come back, most tenants
local due = redis.call('ZRANGE', KEYS[1], '-inf', ARGV[1], 'BYSCORE', 'LIMIT', 0, ARGV[3])
for _, tenant_id in ipairs(due) do
  redis.call('ZADD', KEYS[1], ARGV[2], tenant_id)
end
return due
