-- Takes a name from its owner. KEYS: owned, skeletons. ARGV: name. Returns whether it had one.
local record = redis.call('HGET', KEYS[1], ARGV[1])
if not record then
    return 0
end
local skeleton = string.match(record, '^%S+ %S+ %S+ (.+)$')
if skeleton and redis.call('HGET', KEYS[2], skeleton) == ARGV[1] then
    redis.call('HDEL', KEYS[2], skeleton)
end
return redis.call('HDEL', KEYS[1], ARGV[1])
