#!lua flags=no-writes
-- Reads an API key. Where there is none it answers as much as for one, so that an unknown id takes as long as a known.
-- KEYS: API key hash
-- ARGV: the fields; then what to answer for each of them where there is no such key
-- Returns the fields' values in order, '' for one that is not set.
local count = #ARGV / 2
local held = redis.call('HMGET', KEYS[1], unpack(ARGV, 1, count))
local found = {}
for index = 1, count do
  found[index] = (held[1] and (held[index] or '')) or ARGV[count + index]
end
return found
