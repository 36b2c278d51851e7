-- Shared by the scripts that a worker runs on its shard: they do nothing for a worker whose lease is over.
-- KEYS: shard's lease, then what the script adds
-- ARGV: fence, then what the script adds
local function is_fenced_off()
  return redis.call('HGET', KEYS[1], 'fence') ~= ARGV[1]
end
local FENCED = redis.status_reply('fenced')
