-- Reads who owns a name or one that looks like it; and when nobody does and a key is given, gives it to that key.
-- What is read and what is written is one step, so that of two that look alike only one is ever owned.
-- KEYS: owned (name -> "key since seen skeleton"), skeletons (skeleton -> name). ARGV: name, skeleton, key or '-', the
-- time in seconds.
-- Returns 'free', 'owned' and the record, or 'like' and the other name: as it was before.
local record = redis.call('HGET', KEYS[1], ARGV[1])
if record then
    return { 'owned', record }
end
local other = redis.call('HGET', KEYS[2], ARGV[2])
if other and redis.call('HEXISTS', KEYS[1], other) == 1 then
    return { 'like', other }
end
if ARGV[3] ~= '-' then
    redis.call('HSET', KEYS[1], ARGV[1], table.concat({ ARGV[3], ARGV[4], ARGV[4], ARGV[2] }, ' '))
    redis.call('HSET', KEYS[2], ARGV[2], ARGV[1])
end
return { 'free' }
