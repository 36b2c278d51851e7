#!lua
-- Writes what a shard held before its data was lost.
-- KEYS: every key that is written
-- ARGV: commands as JSON, each a list of text
for _, command in ipairs(cjson.decode(ARGV[1])) do
  redis.call(unpack(command))
end
return redis.status_reply('OK')
