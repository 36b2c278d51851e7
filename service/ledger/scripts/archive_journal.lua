#!lua
-- Notes how far the journal is archived, and forgets what is.
-- KEYS: shard's lease, journal, archive hash
-- ARGV: fence, first id that stays in the journal; field, value, ... of the archive hash
-- Returns how many entries were forgotten, or 'fenced'.
-- @include fence
if is_fenced_off() then
  return FENCED
end
redis.call('XLEN', KEYS[2])
redis.call('HLEN', KEYS[3])

redis.call('HSET', KEYS[3], unpack(ARGV, 3))
return redis.call('XTRIM', KEYS[2], 'MINID', '=', ARGV[2])
