// ffmpeg as camera and microphone, whose encoder and packetizer are its own, and as screen and loudspeaker.

import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";

const QUIET = ["-hide_banner", "-loglevel", "error", "-nostdin"];
const SAMPLE_RATE = 48_000;
/** How much of what was heard is kept, in bytes: two seconds of 16 bits. */
const KEPT_BYTES = 2 * 2 * SAMPLE_RATE;

/** The four quarters that ../python/media.py describes, with what moves in the middle. */
const QUARTERS = ["c02020", "20a020", "2040c0", "c0c0c0"]
  .map((colour, n) => `color=c=0x${colour}:s=160x120:r=20[q${n}]`)
  .concat("[q0][q1]hstack[upper]", "[q2][q3]hstack[lower]", "[upper][lower]vstack[drawn]")
  .concat("color=c=black:s=20x20:r=20[mark]", "[drawn][mark]overlay=x=140+2*mod(n\\,20):y=110")
  .join(";");

const VIDEO = ["-re", "-f", "lavfi", "-i", QUARTERS, "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast"].concat(
  ["-tune", "zerolatency", "-profile:v", "baseline", "-threads", "1", "-g", "20", "-b:v", "500k"],
);
const AUDIO = ["-re", "-f", "lavfi", "-i", `sine=frequency=440:sample_rate=${SAMPLE_RATE}`, "-af", "volume=4"].concat(
  ["-c:a", "libopus", "-ac", "2", "-b:a", "48k", "-application", "lowdelay"],
);

async function udpSocket() {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return socket;
}

/** A stream of RTP that ffmpeg makes. */
export class Source {
  /** Starts it; `more` are further options of the encoder. */
  static async start(kind, more = []) {
    const source = new Source();
    source.socket = await udpSocket();
    source.socket.on("message", (packet) => source.onPacket?.(packet));
    const to = `rtp://127.0.0.1:${source.socket.address().port}?pkt_size=1200`;
    const what = kind === "video" ? VIDEO : AUDIO;
    source.process = spawn("ffmpeg", [...QUIET, ...what, ...more, "-f", "rtp", to]);
    source.process.stderr.pipe(process.stderr);
    // It says what it sends before it sends it.
    source.description = await new Promise((resolve, reject) => {
      let text = "";
      source.process.stdout.on("data", (piece) => {
        text += piece;
        if (/^a=rtpmap:.*\r?\n/m.test(text) && (kind === "audio" || /^a=fmtp:.*\r?\n/m.test(text))) resolve(text);
      });
      source.process.once("exit", (code) => reject(new Error(`ffmpeg ended: ${code}`)));
      source.process.once("error", reject);
    });
    return source;
  }

  /** The parameter sets as its description gives them (RFC 6184 §8.1). */
  get parameterSets() {
    return /sprop-parameter-sets=[^;\s]+/.exec(this.description)[0];
  }

  stop() {
    this.process.removeAllListeners("exit");
    this.process.kill("SIGKILL");
    this.socket.close();
  }
}

/** Plays Opus in RTP and keeps what was heard last. */
export class Loudspeaker {
  samples = 0;
  #heard = Buffer.alloc(0);

  static async start() {
    const speaker = new Loudspeaker();
    speaker.socket = await udpSocket();
    // ffmpeg is to listen there; that nobody takes the port meanwhile is as good as certain.
    const free = await udpSocket();
    speaker.port = free.address().port;
    await new Promise((resolve) => free.close(resolve));
    return speaker;
  }

  #open(payloadType) {
    const input = ["-protocol_whitelist", "pipe,udp,rtp", "-fflags", "nobuffer", "-f", "sdp", "-i", "pipe:0"];
    const output = ["-ac", "1", "-ar", String(SAMPLE_RATE), "-f", "s16le", "-flush_packets", "1", "pipe:1"];
    this.process = spawn("ffmpeg", [...QUIET.slice(0, 3), ...input, ...output]);
    this.process.stderr.pipe(process.stderr);
    this.process.stdout.on("data", (piece) => {
      this.samples += piece.length / 2;
      this.#heard = Buffer.concat([this.#heard, piece]).subarray(-KEPT_BYTES);
    });
    const opus = `a=rtpmap:${payloadType} opus/48000/2`;
    const media = `m=audio ${this.port} RTP/AVP ${payloadType}\r\n${opus}\r\n`;
    this.process.stdin.end(`v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n${media}`);
  }

  play(packet, payloadType) {
    if (!this.process) this.#open(payloadType);
    this.socket.send(packet, this.port, "127.0.0.1");
  }

  get seconds() {
    return this.samples / SAMPLE_RATE;
  }

  /** Writes what was heard last, as a WAV file. */
  async write(path) {
    const data = this.#heard.subarray(this.#heard.length % 2);
    const header = Buffer.alloc(44);
    header.write("RIFF", 0);
    header.writeUInt32LE(36 + data.length, 4);
    header.write("WAVEfmt ", 8);
    header.writeUInt32LE(16, 16);
    header.writeUInt16LE(1, 20);
    header.writeUInt16LE(1, 22);
    header.writeUInt32LE(SAMPLE_RATE, 24);
    header.writeUInt32LE(2 * SAMPLE_RATE, 28);
    header.writeUInt16LE(2, 32);
    header.writeUInt16LE(16, 34);
    header.write("data", 36);
    header.writeUInt32LE(data.length, 40);
    await writeFile(path, Buffer.concat([header, data]));
  }

  stop() {
    this.process?.kill("SIGKILL");
    this.socket.close();
  }
}

/** Decodes H.264 (Annex B) that begins with a key frame, and writes its last picture. Gives its size. */
export async function writeLastPicture(stream, path) {
  const decode = ["-loglevel", "info", "-f", "h264", "-i", "pipe:0", "-update", "1", "-y", path];
  const decoder = spawn("ffmpeg", ["-hide_banner", ...decode]);
  decoder.stdin.on("error", () => {});
  decoder.stdin.end(stream);
  let said = "";
  decoder.stderr.on("data", (piece) => (said += piece));
  const [code] = await once(decoder, "close");
  if (code !== 0) throw new Error(`ffmpeg can't decode what came: ${said}`);
}
