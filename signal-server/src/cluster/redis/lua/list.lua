-- The first names of the list in a range, and how many there are in it. KEYS: listed. ARGV: from, to, how many.
return {
    redis.call('ZLEXCOUNT', KEYS[1], ARGV[1], ARGV[2]),
    redis.call('ZRANGEBYLEX', KEYS[1], ARGV[1], ARGV[2], 'LIMIT', 0, ARGV[3]),
}
