#!lua
-- Lets a worker hold its shard for longer, or gives the shard back.
-- KEYS: shard's lease
-- ARGV: fence, milliseconds that the lease lives from now on, 0 to give it back
-- Returns 1, or 0 where the lease is over.
-- @include fence
if is_fenced_off() then
  return 0
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
