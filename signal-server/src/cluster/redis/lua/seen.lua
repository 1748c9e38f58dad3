-- Remembers when an owner was there. KEYS: owned. ARGV: name, key, the time in seconds.
local record = redis.call('HGET', KEYS[1], ARGV[1])
local key, since, seen, skeleton = string.match(record or '', '^(%S+) (%S+) (%S+) (.+)$')
if key == ARGV[2] and tonumber(seen) < tonumber(ARGV[3]) then
    redis.call('HSET', KEYS[1], ARGV[1], table.concat({ key, since, ARGV[3], skeleton }, ' '))
end
return 0
