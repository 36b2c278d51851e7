#!lua
-- Changes a tenant and tells the trail what each value was before and is now.
-- KEYS: tenant hash, trail, fence counter, journal
-- ARGV: tenant id; expected version or ''; fence or ''; actor, action, request id, details of the trail's entry; field, value, ...
-- Returns the tenant's hash, or 'missing', or 'conflict', or 'fenced' where the fence is not the last one.
-- @include journal
local version = redis.call('HGET', KEYS[1], 'version')
if not version then
  return redis.status_reply('missing')
end
if ARGV[2] ~= '' and ARGV[2] ~= version then
  return redis.status_reply('conflict')
end
if ARGV[3] ~= '' and ARGV[3] ~= redis.call('GET', KEYS[3]) then
  return redis.status_reply('fenced')
end
if not string.match(version, '^%d+$') then
  return redis.error_reply('BADVERSION ' .. KEYS[1] .. ' has a version that is not a whole number')
end
check_journal(KEYS[4], KEYS[2])
local changes, fields = {}, {}
for index = 8, #ARGV, 2 do
  local name, after = ARGV[index], ARGV[index + 1]
  local before = redis.call('HGET', KEYS[1], name) or ''
  if before ~= after then
    changes[#changes + 1] = {name, before, after}
    fields[#fields + 1] = name
    fields[#fields + 1] = after
  end
end

if #changes > 0 then
  redis.call('HSET', KEYS[1], unpack(fields))
  redis.call('HINCRBY', KEYS[1], 'version', 1)
  journal_tenant(KEYS[4], KEYS[1], ARGV[1])
  local entry = read_entry(4)
  entry.changes = cjson.encode(changes)
  tell(KEYS[4], KEYS[2], ARGV[1], entry)
end
return redis.call('HGETALL', KEYS[1])
