#!lua
-- Corrects the usage of an hour by a signed difference, and tells the trail.
-- KEYS, ARGV: see metering.lua, with one request of one use; then actor, action, request id and details of the trail's
--   entry
-- Returns {'ok' or 'duplicate', hour's usage before, and after}, {'conflict'}, {'below_zero'}, the code of the limit
-- that refused it, or why the tenant may not use anything.
-- @include metering

check_ledger()
local request, rest = read_request(3)
local refused = gate(request)
if refused then
  return {refused}
end
local use = read_use(request.first, 'correction')
local claim = known(request, use)
if claim then
  local digest, before, after = string.match(claim, '^(%x+) (%d+) (%d+)$')
  return digest == use.claim and {'duplicate', tonumber(before), tonumber(after)} or {'conflict'}
end
local before = count(use.hours, use.hour)
local after = before + use.value
if after < 0 then
  return {'below_zero'}
end
local limited = limit(request, use)
if limited then
  return {limited}
end
use.claim = string.format('%s %.0f %.0f', use.claim, before, after)
book(request, use)
cross_steps(request)
local entry = read_entry(rest)
entry.changes = cjson.encode({{'usage', before, after}})
request.told[#request.told + 1] = entry
accept(request)

commit()
return {'ok', before, after}
