#!lua
-- Ends a dead webhook: it is dealt with anew, as if it had just come, or forgotten.
-- KEYS: dead stream, queue stream
-- ARGV: entry id, 'retry' | 'drop'
-- Returns 1, or 0 where there is no such entry.
local found = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])[1]
if not found then
  return 0
end
redis.call('XLEN', KEYS[2])
local fields = {}
for index = 1, #found[2], 2 do
  local name, text = found[2][index], found[2][index + 1]
  if name ~= 'reason' then
    fields[#fields + 1] = name
    fields[#fields + 1] = name == 'tries' and '0' or text
  end
end

if ARGV[2] == 'retry' then
  redis.call('XADD', KEYS[2], '*', unpack(fields))
end
redis.call('XDEL', KEYS[1], ARGV[1])
return 1
