"""A peer on GStreamer's webrtcbin: `webrtcbin_peer.py SERVER NAME`, driven as control.py says.

It gathers only on the loopback interface and trickles its candidates. Of plans it knows `bundle` (`none`, which is
webrtcbin's default, `max-compat`, `max-bundle`, `balanced`), `direction`, and as `codecs` one for each section
(`H264`, `VP8`; H264 without), and as kinds `audio`, `video` and `data`; of changes, `direction` and `add`.
`"send"` of a video section may name another chain of elements than the usual one from raw pictures to RTP.
"""

import asyncio
import re

import av
import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import Gst, GstSdp, GstWebRTC  # noqa: E402

import control  # noqa: E402
import media  # noqa: E402

Gst.init(None)

RAW_VIDEO = (
    f"video/x-raw,format=I420,width={media.WIDTH},height={media.HEIGHT},"
    f"framerate={media.FRAMES_PER_SECOND}/1"
)
# The payload types of its own offers.
PAYLOAD_TYPES = {"H264": 96, "OPUS": 97, "VP8": 98}
ENCODE_VIDEO = {
    "H264": "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=40 bitrate=500 threads=1"
    " ! video/x-h264,profile=constrained-baseline ! rtph264pay config-interval=-1 aggregate-mode=zero-latency",
    "VP8": "vp8enc deadline=1 target-bitrate=500000 ! rtpvp8pay",
}
DECODE = {
    "H264": "rtph264depay ! h264parse ! avdec_h264",
    "VP8": "rtpvp8depay ! vp8dec",
    "OPUS": "rtpopusdepay ! opusdec",
}
DIRECTIONS = {
    "sendrecv": GstWebRTC.WebRTCRTPTransceiverDirection.SENDRECV,
    "sendonly": GstWebRTC.WebRTCRTPTransceiverDirection.SENDONLY,
    "recvonly": GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY,
    "inactive": GstWebRTC.WebRTCRTPTransceiverDirection.INACTIVE,
}


def codec_of(section):
    return "OPUS" if section["kind"] == "audio" else section.get("codecs", ["H264"])[0]


def payload_types_of(sdp):
    """The first payload type of each codec in a description, by the codec's name in capitals."""
    types = {}
    for number, name in re.findall(r"^a=rtpmap:(\d+) ([^/\s]+)", sdp, re.MULTILINE):
        types.setdefault(name.upper(), int(number))
    return types


def rtp_of(section, payload_types):
    """How a section's packets are described."""
    codec = codec_of(section)
    clock = "48000,encoding-params=(string)2" if codec == "OPUS" else "90000"
    # Whoever sends it to this section may cut it into fragments (RFC 6184 §8.1).
    more = ",packetization-mode=(string)1" if codec == "H264" else ""
    return (
        f"application/x-rtp,media={section['kind']},encoding-name={codec},"
        f"payload={payload_types[codec]},clock-rate={clock}{more}"
    )


def sending(section, rtp):
    """The chain of elements that makes what a section sends."""
    if section["kind"] == "audio":
        return (
            f"audiotestsrc is-live=true freq={media.TONE_HZ} volume=0.25 samplesperbuffer=960"
            f" ! audio/x-raw,rate={media.SAMPLE_RATE},channels=1 ! audioconvert ! opusenc ! rtpopuspay ! {rtp} ! queue"
        )
    chain = section.get("send") or ENCODE_VIDEO[codec_of(section)]
    return (
        f"appsrc name=drawn is-live=true do-timestamp=true format=time caps={RAW_VIDEO}"
        f" ! {chain} ! {rtp} ! queue"
    )


class WebrtcbinPeer(control.Peer):
    def __init__(self):
        super().__init__()
        self.pipeline = None
        self.loop = None
        self.agents = []
        self._forget()

    def _forget(self):
        self.bin = None
        self.heard = media.Heard()
        self.picture = None
        self.size = (0, 0)
        self.frames = 0
        self.data_open = False
        self.channels = []
        self.cameras = []
        self.pads = []
        self.payload_types = PAYLOAD_TYPES
        self.has_remote = False
        self.waiting = []

    def _connect(self, plan):
        self._forget()
        self.loop = asyncio.get_running_loop()
        self.pipeline = Gst.Pipeline.new(None)
        self.bin = Gst.ElementFactory.make("webrtcbin")
        if "bundle" in plan:
            Gst.util_set_object_arg(self.bin, "bundle-policy", plan["bundle"])
        self.pipeline.add(self.bin)
        agent = self.bin.get_property("ice-agent")
        # Python takes webrtcbin's only reference to it, and must not drop it.
        self.agents.append(agent)
        agent.emit("add-local-ip-address", "127.0.0.1")
        self.bin.connect("on-ice-candidate", self._on_candidate, self.call)
        self.bin.connect("pad-added", self._on_pad)
        self.bin.connect("on-data-channel", lambda _, channel: self._keep(channel))
        self.pipeline.set_state(Gst.State.PLAYING)

    # From webrtcbin's own threads.

    def _on_candidate(self, _, index, candidate, call):
        message = {"candidate": candidate, "sdpMLineIndex": index}
        self.loop.call_soon_threadsafe(self._send_candidate, message, call)

    def _send_candidate(self, candidate, call):
        if call == self.call:
            self.loop.create_task(self.send(type="candidate", candidate=candidate))

    def _on_pad(self, _, pad):
        if pad.direction != Gst.PadDirection.SRC:
            return
        rtp = (pad.get_current_caps() or pad.query_caps(None)).get_structure(0)
        kind = rtp.get_string("media")
        raw = (
            "videoconvert ! video/x-raw,format=I420"
            if kind == "video"
            else f"audioconvert ! audioresample ! audio/x-raw,format=S16LE,channels=1,rate={media.SAMPLE_RATE}"
        )
        chain = Gst.parse_bin_from_description(
            f"queue ! {DECODE[rtp.get_string('encoding-name')]} ! {raw}"
            " ! appsink name=out sync=false emit-signals=true max-buffers=10 drop=true",
            True,
        )
        take = self._look if kind == "video" else self._listen
        chain.get_by_name("out").connect("new-sample", take)
        self.pipeline.add(chain)
        chain.sync_state_with_parent()
        pad.link(chain.get_static_pad("sink"))

    def _look(self, sink):
        self.picture = sink.emit("pull-sample")
        caps = self.picture.get_caps().get_structure(0)
        self.size = (caps.get_value("width"), caps.get_value("height"))
        self.frames += 1
        return Gst.FlowReturn.OK

    def _listen(self, sink):
        buffer = sink.emit("pull-sample").get_buffer()
        self.heard.add(buffer.extract_dup(0, buffer.get_size()))
        return Gst.FlowReturn.OK

    def _keep(self, channel):
        self.channels.append(channel)
        channel.connect("on-open", self._on_open)

    def _on_open(self, _):
        self.data_open = True

    # From the program's loop.

    async def _draw(self, source):
        number = 0
        while True:
            source.emit("push-buffer", Gst.Buffer.new_wrapped(b"".join(media.drawn_planes(number))))
            number += 1
            await asyncio.sleep(1 / media.FRAMES_PER_SECOND)

    def _send_into(self, section, pad):
        rtp = rtp_of(section, self.payload_types)
        chain = Gst.parse_bin_from_description(sending(section, rtp), True)
        self.pipeline.add(chain)
        result = chain.get_static_pad("src").link(pad)
        if result != Gst.PadLinkReturn.OK:
            raise RuntimeError(f"a chain for {section} can't be linked: {result}")
        chain.sync_state_with_parent()
        if section["kind"] == "video":
            self.cameras.append(self.loop.create_task(self._draw(chain.get_by_name("drawn"))))

    def _add(self, section):
        direction = DIRECTIONS[section.get("direction", "sendrecv")]
        if section["kind"] == "data":
            self._keep(self.bin.emit("create-data-channel", "test", None))
        elif "send" in section.get("direction", "sendrecv"):
            pad = self.bin.request_pad_simple("sink_%u")
            self.pads.append(pad)
            pad.get_property("transceiver").set_property("direction", direction)
            self._send_into(section, pad)
        else:
            caps = Gst.Caps.from_string(rtp_of(section, self.payload_types))
            self.bin.emit("add-transceiver", direction, caps)

    async def _promise(self, signal, *arguments):
        """Emits a signal that takes a promise, and waits for its reply."""
        done = self.loop.create_future()

        def settle():
            if not done.done():
                done.set_result(None)

        promise = Gst.Promise.new_with_change_func(lambda *_: self.loop.call_soon_threadsafe(settle))
        self.bin.emit(signal, *arguments, promise)
        await done
        reply = promise.get_reply()
        if reply is not None and reply.has_field("error"):
            raise RuntimeError(f"{signal}: {reply.get_value('error').message}")
        return reply

    async def _offer(self):
        reply = await self._promise("create-offer", None)
        offer = reply.get_value("offer")
        await self._promise("set-local-description", offer)
        await self.send_offer(offer.sdp.as_text())

    async def _set_remote(self, kind, text):
        result, sdp = GstSdp.SDPMessage.new()
        if GstSdp.sdp_message_parse_buffer(text.encode(), sdp) != GstSdp.SDPResult.OK:
            raise RuntimeError("the description can't be parsed")
        await self._promise("set-remote-description", GstWebRTC.WebRTCSessionDescription.new(kind, sdp))
        self.has_remote = True
        for index, candidate in self.waiting:
            self.bin.emit("add-ice-candidate", index, candidate)
        self.waiting = []

    async def _ready(self):
        """Lets every sending chain say what it sends, without which there is no section of it."""
        for pad in self.pads:
            for _ in range(100):
                if pad.get_current_caps() is not None:
                    break
                await asyncio.sleep(0.02)

    async def open(self, plan):
        self._connect(plan)
        for section in plan["sections"]:
            self._add(section)
        await self._ready()
        await self._offer()

    async def accept(self, sdp):
        if self.pipeline is None:
            self._connect(self.plan)
            # It looks for a pad for each section of the offer, so they come before it.
            self.payload_types = payload_types_of(sdp)
            for section in self.plan["sections"]:
                self._add(section)
            await self._ready()
        await self._set_remote(GstWebRTC.WebRTCSDPType.OFFER, sdp)
        reply = await self._promise("create-answer", None)
        answer = reply.get_value("answer")
        await self._promise("set-local-description", answer)
        await self.send_answer(answer.sdp.as_text())

    async def apply_answer(self, sdp):
        await self._set_remote(GstWebRTC.WebRTCSDPType.ANSWER, sdp)

    async def add_candidate(self, candidate):
        entry = (candidate.get("sdpMLineIndex") or 0, candidate["candidate"])
        if self.has_remote:
            self.bin.emit("add-ice-candidate", *entry)
        else:
            self.waiting.append(entry)

    async def change(self, changes):
        for change in changes:
            if "add" in change:
                self._add(change["add"])
            else:
                transceiver = self.bin.emit("get-transceiver", change["section"])
                transceiver.set_property("direction", DIRECTIONS[change["direction"]])
        await self._ready()
        await self._offer()

    async def record(self, folder):
        self.heard.write(f"{folder}/heard.wav")
        if self.picture is not None:
            buffer = self.picture.get_buffer()
            media.write_png(f"{folder}/picture.png", self._frame(buffer.extract_dup(0, buffer.get_size())))

    def _frame(self, data):
        """The picture as PyAV has it, from planes whose rows GStreamer pads to four bytes."""
        width, height = self.size
        frame = av.VideoFrame(width, height, "yuv420p")
        start = 0
        for plane, columns in zip(frame.planes, (width, (width + 1) // 2, (width + 1) // 2)):
            stride = (columns + 3) & ~3
            rows = (data[start + row * stride :][:columns] for row in range(plane.height))
            plane.update(b"".join(row.ljust(plane.line_size, b"\0") for row in rows))
            start += stride * plane.height
        return frame

    async def close(self):
        for camera in self.cameras:
            camera.cancel()
        if self.pipeline is not None:
            pipeline, self.pipeline = self.pipeline, None
            # Its threads may have to be waited for, and they may have something to say meanwhile.
            await asyncio.to_thread(pipeline.set_state, Gst.State.NULL)

    def counts(self):
        self._read_bus()
        return {
            "connection": self.bin.get_property("connection-state").value_nick if self.pipeline else "none",
            "frames": self.frames,
            "audioSeconds": self.heard.samples / media.SAMPLE_RATE,
            "dataOpen": self.data_open,
        }

    def _read_bus(self):
        wanted = Gst.MessageType.ERROR | Gst.MessageType.LATENCY
        while self.pipeline and (message := self.pipeline.get_bus().pop_filtered(wanted)):
            if message.type == Gst.MessageType.LATENCY:
                self.pipeline.recalculate_latency()
            else:
                error, _ = message.parse_error()
                self.errors.append(f"{message.src.get_name()}: {error.message}")


control.main(WebrtcbinPeer())
