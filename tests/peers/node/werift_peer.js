// A peer on werift: `node werift_peer.js SERVER NAME`, driven as control.js says.
//
// It gathers only on the loopback interface. What it sends is encoded and packetized by ffmpeg. Of plans it knows
// `direction`, as kinds `audio` and `video`, and for a video section `encoder`, further options for ffmpeg's encoder, and
// `parameterSets`: "description" sends them in the description alone.

import { MediaStreamTrack, RTCPeerConnection, dePacketizeRtpPackets, useH264, useOPUS } from "werift";
import { Peer } from "./control.js";
import { Loudspeaker, Source, writeLastPicture } from "./ffmpeg.js";

const H264 = "profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1";
/** Parameter sets are in ffmpeg's description alone when its encoder makes a global header. */
const GLOBAL_HEADER = ["-flags:v", "+global_header"];
const SPS = 7;
const START_CODE = Buffer.from([0, 0, 1]);

/** Whether an access unit (Annex B) has a sequence parameter set. */
function hasParameterSets(unit) {
  for (let at = unit.indexOf(START_CODE); at >= 0; at = unit.indexOf(START_CODE, at + 3)) {
    if ((unit[at + 3] & 0x1f) === SPS) return true;
  }
  return false;
}

const sends = (section) => (section.direction ?? "sendrecv").startsWith("send");

class WeriftPeer extends Peer {
  #forget() {
    this.sources = [];
    this.frames = 0;
    this.frame = [];
    this.stream = [];
    this.speaker = null;
  }

  constructor() {
    super();
    this.#forget();
  }

  async #connect(plan) {
    this.#forget();
    const video = plan.sections.find(({ kind }) => kind === "video");
    this.speaker = await Loudspeaker.start();
    let parameters = H264;
    if (video && sends(video)) {
      const inDescription = video.parameterSets === "description";
      const camera = await this.#source("video", [...(video.encoder ?? []), ...(inDescription ? GLOBAL_HEADER : [])]);
      if (inDescription) parameters += `;${camera.parameterSets}`;
    }
    const audio = plan.sections.find(({ kind }) => kind === "audio");
    if (audio && sends(audio)) await this.#source("audio");
    this.connection = new RTCPeerConnection({
      codecs: { audio: [useOPUS()], video: [useH264({ parameters })] },
      iceServers: [],
      iceInterfaceAddresses: { udp4: "127.0.0.1" },
      iceAdditionalHostAddresses: ["127.0.0.1"],
      iceUseIpv6: false,
      iceUseTcp: false,
    });
    this.connection.onTrack.subscribe((track) => this.#receive(track));
    for (const section of plan.sections) {
      const { kind, direction = "sendrecv" } = section;
      const source = this.sources.find((source) => source.kind === kind);
      const track = new MediaStreamTrack({ kind });
      this.connection.addTransceiver(sends(section) ? track : kind, { direction });
      if (source) source.onPacket = (packet) => this.#isConnected() && track.writeRtp(packet);
    }
  }

  async #source(kind, more) {
    const source = await Source.start(kind, more);
    source.kind = kind;
    this.sources.push(source);
    return source;
  }

  #isConnected() {
    // With data channels that it does not open it goes on calling the whole connection `connecting`.
    return ["connected", "completed"].includes(this.connection?.iceConnectionState);
  }

  #receive(track) {
    track.onReceiveRtp.subscribe((packet) => {
      if (track.kind === "video") this.#look(packet);
      else this.#listen(packet);
    });
  }

  #look(packet) {
    // Packets may come again or late; this stream is on the loopback interface, where neither happens.
    this.frame.push(packet);
    if (!packet.header.marker) return;
    const { data } = dePacketizeRtpPackets("MPEG4/ISO/AVC", this.frame.splice(0));
    this.frames += 1;
    // A picture needs what came since the last parameter sets, which come with key frames.
    if (hasParameterSets(data)) this.stream = [];
    this.stream.push(data);
  }

  #listen(packet) {
    this.speaker?.play(packet.serialize(), packet.header.payloadType);
  }

  async open(plan) {
    await this.#connect(plan);
    await this.connection.setLocalDescription(await this.connection.createOffer());
    await this.sendOffer(this.connection.localDescription.sdp);
  }

  async accept(sdp) {
    if (!this.connection) await this.#connect(this.plan);
    await this.connection.setRemoteDescription({ type: "offer", sdp });
    await this.connection.setLocalDescription(await this.connection.createAnswer());
    await this.sendAnswer(this.connection.localDescription.sdp);
  }

  applyAnswer(sdp) {
    return this.connection.setRemoteDescription({ type: "answer", sdp });
  }

  addCandidate(candidate) {
    return this.connection?.addIceCandidate(candidate);
  }

  async record(folder) {
    await this.speaker?.write(`${folder}/heard.wav`);
    if (this.stream.length > 0) await writeLastPicture(Buffer.concat(this.stream), `${folder}/picture.png`);
  }

  async close() {
    for (const source of this.sources.splice(0)) source.stop();
    this.speaker?.stop();
    const { connection } = this;
    this.connection = this.speaker = null;
    await connection?.close();
  }

  counts() {
    return {
      connection: this.connection?.connectionState ?? "none",
      frames: this.frames,
      audioSeconds: this.speaker?.seconds ?? 0,
    };
  }
}

const [server, name] = process.argv.slice(2);
await new WeriftPeer().run(server, name);
process.exit(0);
