#!lua
-- Takes one token out of a bucket that fills by the server's clock. The bucket is kept as the time at which it is full.
-- KEYS: bucket
-- ARGV: microseconds in which one token comes in, tokens that the bucket holds
-- Returns 0 if a token was taken, or else the milliseconds until there is one.
local time = redis.call('TIME')
local now, interval, size = time[1] * 1000000 + time[2], tonumber(ARGV[1]), tonumber(ARGV[2])
-- A clock that was set back must not close the bucket for longer than it takes to fill.
local full_at = math.min(math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now), now + size * interval)
local early = full_at + interval - size * interval - now
if early > 0 then
  return math.ceil(early / 1000)
end
full_at = full_at + interval
redis.call('SET', KEYS[1], string.format('%.0f', full_at), 'PX', math.ceil((full_at - now) / 1000))
return 0
