#!lua
-- Appends an entry to a tenant's trail.
-- KEYS: trail, journal
-- ARGV: tenant id; actor, action, request id, details of the entry
-- @include journal
check_journal(KEYS[2], KEYS[1])

tell(KEYS[2], KEYS[1], ARGV[1], read_entry(2))
return redis.status_reply('OK')
