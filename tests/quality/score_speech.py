"""Scores what was heard against what was said, by PESQ wide band (ITU-T P.862.2).

In: two WAV files, mono, 16 bits at 16 kHz: what is said once, and a call in which it is said over
and over. Out, as JSON: the score of each whole round. Rounds are lined up by cross-correlation; the
first seconds, in which a call comes about, are left out.
"""

import json
import sys
import wave

import numpy
from pesq import pesq

RATE = 16000
# What is left out of the call.
BEGINNING = 5 * RATE
# How far a round may be from where the one before lets it be expected.
SHIFT = RATE // 4


def read(path):
    with wave.open(path) as file:
        if (file.getframerate(), file.getnchannels(), file.getsampwidth()) != (RATE, 1, 2):
            sys.exit(f"{path} is not mono, 16 bits at {RATE} Hz")
        return numpy.frombuffer(file.readframes(file.getnframes()), dtype=numpy.int16).astype(float)


def place(needle, hay):
    """Where in the hay the needle is most alike."""
    size = 1 << (len(needle) + len(hay)).bit_length()
    product = numpy.fft.rfft(hay, size) * numpy.conj(numpy.fft.rfft(needle, size))
    return int(numpy.argmax(numpy.fft.irfft(product, size)[: max(1, len(hay) - len(needle) + 1)]))


def rounds(said, heard):
    """Each whole round in what was heard."""
    length = len(said)
    at = BEGINNING + place(said, heard[BEGINNING : BEGINNING + 2 * length])
    while at + length <= len(heard):
        yield heard[at : at + length]
        begin = max(0, at + length - SHIFT)
        at = begin + place(said, heard[begin : begin + length + 2 * SHIFT])


def main():
    said, heard = map(read, sys.argv[1:3])
    scores = [pesq(RATE, said, part, "wb") for part in rounds(said, heard)]
    json.dump({"rounds": scores}, sys.stdout)


if __name__ == "__main__":
    main()
