#!lua flags=allow-oom
-- Notes the use of an API key. It may do so in full memory too: the note takes a few bytes once, and requests that only
-- read must still be admitted.
-- KEYS: API key hash
-- ARGV: now
if redis.call('EXISTS', KEYS[1]) == 1 then
  redis.call('HSET', KEYS[1], 'last_used_at', ARGV[1])
end
return 1
