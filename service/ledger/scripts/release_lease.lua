#!lua
-- Gives a lease back, unless it has passed to somebody else.
-- KEYS: lease
-- ARGV: fence
if redis.call('GET', KEYS[1]) == ARGV[1] then
  redis.call('DEL', KEYS[1])
end
return redis.status_reply('OK')
