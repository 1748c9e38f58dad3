-- Lets somebody into a room, unless it is full of others. Members whose leases were found to have ended are out first.
-- KEYS: room. ARGV: name, holder, size, milliseconds, then pairs of those who are out: name, holder...
-- Returns 0 when it is full; else 1 and the others.
for i = 5, #ARGV, 2 do
    if redis.call('HGET', KEYS[1], ARGV[i]) == ARGV[i + 1] then
        redis.call('HDEL', KEYS[1], ARGV[i])
    end
end
local entered = { '1' }
for _, member in ipairs(redis.call('HKEYS', KEYS[1])) do
    if member ~= ARGV[1] then
        entered[#entered + 1] = member
    end
end
if #entered - 1 >= tonumber(ARGV[3]) then
    return { '0' }
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return entered
