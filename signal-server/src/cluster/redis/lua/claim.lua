-- Claims a name: grants it when it is free, or held by whoever shows the same key or the token that was handed out, or
-- held by a claim of this node that came to nothing.
-- KEYS: lease, epoch, listed, ends. ARGV: node, number, milliseconds, name, listed, key, token, shown token, PUBLISH or
-- SPUBLISH, presence channel, until when, numbers of this node's claims that came to nothing...
local node, number, milliseconds, name = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local listed, key, token, shown = ARGV[5], ARGV[6], ARGV[7], ARGV[8]
if now() > tonumber(ARGV[11]) then
    -- Whoever asked has given up.
    return { 'late' }
end
local before = read(KEYS[1])
if before then
    local theirs = (key ~= '-' and key == before.key) or (shown ~= '-' and shown == before.token)
    if before.node == node then
        for i = 12, #ARGV do
            theirs = theirs or ARGV[i] == before.number
        end
    end
    if not theirs then
        return { '0' }
    end
    redis.call('DEL', KEYS[1])
end
local epoch = next_epoch(KEYS[2])
local value = table.concat({ node, number, epoch, listed, key, token }, ' ')
redis.call('SET', KEYS[1], value, 'NX', 'PX', milliseconds)
local ends = string.format('%.0f', now() + milliseconds)
if listed == '1' then
    redis.call('ZADD', KEYS[3], 0, name)
    redis.call('ZADD', KEYS[4], ends, name)
    redis.call(ARGV[9], ARGV[10], node .. ' ' .. epoch .. ' 1')
elseif before then
    redis.call('ZREM', KEYS[3], name)
    redis.call('ZREM', KEYS[4], name)
end
return { '1', epoch, ends, before and before.node or '', before and before.number or '' }
