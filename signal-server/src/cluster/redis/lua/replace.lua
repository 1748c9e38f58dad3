-- Replaces what is kept of a name's missed calls, if it is still as it was read.
-- KEYS: calls, since. ARGV: name, what was read, what is to be there ('' is nothing, for both), the time of the first
-- call, for how many milliseconds it is kept, how many names may have calls, what the keys of calls begin with.
-- Returns whether it is replaced. When too many names have calls, those with the oldest call have none any more.
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[2] then
    return 0
end
if ARGV[3] == '' then
    redis.call('DEL', KEYS[1])
    redis.call('ZREM', KEYS[2], ARGV[1])
    return 1
end
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[5])
redis.call('ZADD', KEYS[2], ARGV[4], ARGV[1])
local over = redis.call('ZCARD', KEYS[2]) - tonumber(ARGV[6])
if over > 0 then
    -- One more, which may be the one that is kept.
    for _, name in ipairs(redis.call('ZRANGE', KEYS[2], 0, over)) do
        if over > 0 and name ~= ARGV[1] then
            redis.call('DEL', ARGV[7] .. name)
            redis.call('ZREM', KEYS[2], name)
            over = over - 1
        end
    end
end
return 1
