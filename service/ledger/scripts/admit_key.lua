#!lua flags=allow-oom
-- Reads an API key. Where there is none it reads one of nobody's instead, which costs as much, so that an unknown id
-- takes as long as a known one. Nobody's key is written once, in full memory too: it takes a few hundred bytes.
-- KEYS: API key hash; nobody's hash
-- ARGV: the fields; then what each of them is in nobody's key
-- Returns the fields' values in order, '' for one that is not set.
local count = #ARGV / 2
if redis.call('EXISTS', KEYS[2]) == 0 then
  for index = 1, count do
    redis.call('HSET', KEYS[2], ARGV[index], ARGV[count + index])
  end
end
local held = redis.call('HMGET', KEYS[2 - redis.call('EXISTS', KEYS[1])], unpack(ARGV, 1, count))
for index = 1, count do
  held[index] = held[index] or ''
end
return held
