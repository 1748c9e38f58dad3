"""What the peers send and keep: drawn pictures and a steady tone out, the last picture and the last seconds of sound in.

The pictures are four quarters of known colours with something that moves in the middle, the same that the pages of the
tests draw. What came in is written as PNG and WAV, for the test to look at and to listen to.
"""

import math
import struct
import wave
import zlib
from array import array
from collections import deque

WIDTH, HEIGHT, FRAMES_PER_SECOND = 320, 240, 20
SAMPLE_RATE = 48_000
TONE_HZ = 440

# Upper left and right, lower left and right.
QUARTERS = ((0xC0, 0x20, 0x20), (0x20, 0xA0, 0x20), (0x20, 0x40, 0xC0), (0xC0, 0xC0, 0xC0))
MARK_SIDE = 20
BLACK = 16
NO_COLOUR = 128


def _yuv(red, green, blue):
    """A colour as video has it (ITU-R BT.601, limited range)."""
    y = 16 + 0.257 * red + 0.504 * green + 0.098 * blue
    u = 128 - 0.148 * red - 0.291 * green + 0.439 * blue
    v = 128 + 0.439 * red - 0.368 * green - 0.071 * blue
    return round(y), round(u), round(v)


def _quartered(component, width, height):
    """One plane of the quarters."""
    values = [_yuv(*colour)[component] for colour in QUARTERS]
    upper = bytes([values[0]]) * (width // 2) + bytes([values[1]]) * (width // 2)
    lower = bytes([values[2]]) * (width // 2) + bytes([values[3]]) * (width // 2)
    return upper * (height // 2) + lower * (height // 2)


def _blot(plane, width, left, top, side, value):
    for row in range(top, top + side):
        start = row * width + left
        plane[start : start + side] = bytes([value]) * side


_PLANES = (
    _quartered(0, WIDTH, HEIGHT),
    _quartered(1, WIDTH // 2, HEIGHT // 2),
    _quartered(2, WIDTH // 2, HEIGHT // 2),
)


def drawn_planes(number):
    """The planes Y, U and V of the picture with this number."""
    left = (WIDTH // 2 - MARK_SIDE + 2 * (number % MARK_SIDE)) & ~1
    top = HEIGHT // 2 - MARK_SIDE // 2
    y, u, v = (bytearray(plane) for plane in _PLANES)
    _blot(y, WIDTH, left, top, MARK_SIDE, BLACK)
    for plane in (u, v):
        _blot(plane, WIDTH // 2, left // 2, top // 2, MARK_SIDE // 2, NO_COLOUR)
    return y, u, v


def tone_samples(start, count):
    """So many samples of the tone, 16 bits each, as bytes."""
    step = 2 * math.pi * TONE_HZ / SAMPLE_RATE
    # The tone has a whole number of periods in a second.
    values = (round(8000 * math.sin(step * ((start + n) % SAMPLE_RATE))) for n in range(count))
    return array("h", values).tobytes()


class Heard:
    """The last seconds of what was received, mono."""

    SECONDS = 2

    def __init__(self):
        self.samples = 0
        self._pieces = deque()
        self._kept = 0

    def add(self, piece):
        """Takes samples of 16 bits."""
        self.samples += len(piece) // 2
        self._pieces.append(piece)
        self._kept += len(piece) // 2
        while self._kept - len(self._pieces[0]) // 2 >= self.SECONDS * SAMPLE_RATE:
            self._kept -= len(self._pieces.popleft()) // 2

    def write(self, path):
        with wave.open(path, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(SAMPLE_RATE)
            file.writeframes(b"".join(self._pieces))


def write_png(path, frame):
    """Writes a picture of PyAV."""
    rgb = frame.reformat(format="rgb24")
    plane = rgb.planes[0]
    data = bytes(plane)
    rows = (data[row * plane.line_size :][: 3 * rgb.width] for row in range(rgb.height))

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", rgb.width, rgb.height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows), 1)
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b""))
