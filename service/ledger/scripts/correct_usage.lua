#!lua
-- Corrects the usage of an hour by a signed difference, and tells the trail.
-- KEYS, ARGV: see metering.lua; then actor, action and details of the trail's entry, then one use
-- Returns {'ok' or 'duplicate', hour's usage before, and after}, {'conflict'}, {'below_zero'}, the code of the limit
-- that refused it, or why the tenant may not use anything.
-- @include metering

local refused = gate()
if refused then
  return {refused}
end
local use = read_use(9, 'correction')
local known = redis.call('HGET', use.claims, use.id)
if known then
  local digest, before, after = string.match(known, '^(%x+) (%d+) (%d+)$')
  return digest == use.digest and {'duplicate', tonumber(before), tonumber(after)} or {'conflict'}
end
local before = count(use.hours, use.hour)
local after = before + use.value
if after < 0 then
  return {'below_zero'}
end
local limited = limit(use)
if limited then
  return {limited}
end
use.claim = string.format('%s %.0f %.0f', use.digest, before, after)
book(use)
commit()
redis.call('XADD', TRAIL, '*', 'actor', ARGV[6], 'action', ARGV[7], 'request_id', REQUEST_ID, 'details', ARGV[8],
  'changes', cjson.encode({{'usage', before, after}}))
return {'ok', before, after}
