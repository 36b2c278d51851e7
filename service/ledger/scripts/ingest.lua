#!lua
-- Claims, appends and counts the events of one request: all of them, or none.
-- KEYS[1] stream, KEYS[2] months hash, KEYS[3..] hours hashes and claim hashes
-- ARGV[1] tenant id, then eleven values per event:
--   index of its claim key, claim expiry, event id, digest, index of its hours key, hour field, month field,
--   value, event type, timestamp, properties
-- Returns per event 0 = accepted, 1 = duplicate, 2 = conflict.
local WIDTH = 11
local ACCEPTED, DUPLICATE, CONFLICT = 0, 1, 2
local tenant_id = ARGV[1]
local outcomes, accepted, claimed, raised = {}, {}, {}, {}

local function raise(key, field, value)
  local counters = raised[key] or {}
  counters[field] = (counters[field] or 0) + value
  raised[key] = counters
end

-- First every check that can fail. A key of another type raises an error here, before anything is written.
redis.call('XLEN', KEYS[1])
for first = 2, #ARGV, WIDTH do
  local claim_key = KEYS[tonumber(ARGV[first])]
  local event_id, digest = ARGV[first + 2], ARGV[first + 3]
  local claim = claim_key .. '|' .. event_id
  local known = claimed[claim] or redis.call('HGET', claim_key, event_id)
  if not known then
    claimed[claim] = digest
    accepted[#accepted + 1] = first
    raise(KEYS[tonumber(ARGV[first + 4])], ARGV[first + 5], tonumber(ARGV[first + 7]))
    raise(KEYS[2], ARGV[first + 6], tonumber(ARGV[first + 7]))
    outcomes[#outcomes + 1] = ACCEPTED
  elseif known == digest then
    outcomes[#outcomes + 1] = DUPLICATE
  else
    outcomes[#outcomes + 1] = CONFLICT
  end
end
for key, counters in pairs(raised) do
  for field in pairs(counters) do
    local value = redis.call('HGET', key, field)
    if value and not string.match(value, '^%d+$') then
      return redis.error_reply('BADCOUNTER ' .. key .. ' ' .. field .. ' is not a whole number')
    end
  end
end

-- Then the writes, none of which can fail any more.
for _, first in ipairs(accepted) do
  local claim_key = KEYS[tonumber(ARGV[first])]
  redis.call('HSET', claim_key, ARGV[first + 2], ARGV[first + 3])
  redis.call('EXPIREAT', claim_key, ARGV[first + 1])
  redis.call('XADD', KEYS[1], '*', 'tenant_id', tenant_id, 'event_id', ARGV[first + 2],
    'event_type', ARGV[first + 8], 'value', ARGV[first + 7], 'timestamp', ARGV[first + 9],
    'properties', ARGV[first + 10])
end
for key, counters in pairs(raised) do
  for field, value in pairs(counters) do
    redis.call('HINCRBY', key, field, string.format('%d', value))
  end
end
return outcomes
