#!lua
-- Hands out entries: those that a dead worker left, then new ones. Entries whose pause is over become new first.
-- KEYS: queue stream, zset of postponed entries
-- ARGV: group, consumer, most entries, idle milliseconds after which an entry is taken over, now in unix seconds
-- Returns a list of {entry id, times handed out, {field, value, ...}}.
local group, consumer, most = ARGV[1], ARGV[2], tonumber(ARGV[3])
if redis.call('EXISTS', KEYS[1]) == 0 or #redis.call('XINFO', 'GROUPS', KEYS[1]) == 0 then
  redis.call('XGROUP', 'CREATE', KEYS[1], group, '0', 'MKSTREAM')
end
for _, postponed in ipairs(redis.call('ZRANGE', KEYS[2], '-inf', ARGV[5], 'BYSCORE', 'LIMIT', 0, most)) do
  redis.call('XADD', KEYS[1], '*', unpack(cjson.decode(postponed)))
  redis.call('ZREM', KEYS[2], postponed)
end

local taken = {}
-- The second element holds the entries; a third, from Redis 7 on, ids that are no longer there.
local left = redis.call('XAUTOCLAIM', KEYS[1], group, consumer, ARGV[4], '0-0', 'COUNT', most)[2]
for _, entry in ipairs(left) do
  if entry and entry[2] then
    local pending = redis.call('XPENDING', KEYS[1], group, entry[1], entry[1], 1)
    taken[#taken + 1] = {entry[1], pending[1][4], entry[2]}
  end
end
if #taken < most then
  local fresh = redis.call('XREADGROUP', 'GROUP', group, consumer, 'COUNT', most - #taken, 'STREAMS', KEYS[1], '>')
  for _, entry in ipairs(fresh and fresh[1][2] or {}) do
    taken[#taken + 1] = {entry[1], 1, entry[2]}
  end
end
return taken
