#!lua
-- Takes an entry off the queue for good, or moves it to the postponed or the dead ones: never both, never neither.
-- KEYS: queue stream, zset of postponed entries, dead stream
-- ARGV: group, entry id, 'done' | 'later' | 'dead', when it is due again in unix seconds, then its field, value, ...
-- Returns 1, or 0 where another worker has finished it.
redis.call('ZCARD', KEYS[2])
redis.call('XLEN', KEYS[3])
if redis.call('XACK', KEYS[1], ARGV[1], ARGV[2]) == 0 then
  return 0
end
redis.call('XDEL', KEYS[1], ARGV[2])
if ARGV[3] == 'later' then
  redis.call('ZADD', KEYS[2], ARGV[4], cjson.encode({unpack(ARGV, 5)}))
elseif ARGV[3] == 'dead' then
  redis.call('XADD', KEYS[3], '*', unpack(ARGV, 5))
end
return 1
