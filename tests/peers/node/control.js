// How a test drives a peer on Node, and how it speaks with the signaling server: as the peers in Python do, see
// ../python/control.py, which describes the commands, the plans and the state.

import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import WebSocket from "ws";

const STATE_EVERY_MS = 200;

/** What all peers on Node share. A subclass has the peer connection. */
export class Peer {
  other = null;
  call = null;
  plan = { sections: [{ kind: "audio" }, { kind: "video" }] };
  loggedIn = false;
  commands = 0;
  state = forgotten();

  async send(message) {
    const addressed = this.other ? { ...message, otherUsername: this.other, call: this.call } : message;
    this.socket.send(JSON.stringify(addressed));
  }

  async sendOffer(sdp) {
    Object.assign(this.state, { offer: sdp, answer: null });
    await this.send({ type: "offer", offer: { type: "offer", sdp } });
  }

  async sendAnswer(sdp) {
    this.state.answer = sdp;
    await this.send({ type: "answer", answer: { type: "answer", sdp } });
  }

  note(error) {
    console.error(error);
    this.state.errors.push(String(error));
  }

  printState() {
    const { loggedIn, commands, state } = this;
    process.stdout.write(`${JSON.stringify({ ...state, loggedIn, commands, ...this.counts() })}\n`);
  }

  begin(other, call) {
    Object.assign(this, { other, call, state: forgotten() });
  }

  async end(how) {
    this.state.ended = how;
    await this.close();
    this.other = this.call = null;
  }

  async obey(command) {
    switch (command.do) {
      case "call":
        this.begin(command.other, randomUUID());
        return this.open(command.with);
      case "expect":
        this.plan = command.with;
        return;
      case "record":
        return this.record(command.folder);
      case "hang-up":
        await this.send({ type: "close" });
        return this.end(null);
      default:
        throw new Error(`no such command: ${command.do}`);
    }
  }

  async hear(message) {
    const { type, call = null, reason = null } = message;
    if (type === "login") this.loggedIn = message.success;
    else if (type === "error") this.state.errors.push(`server: ${message.message}`);
    else if (type === "offer") {
      if (this.call === null || call !== this.call) this.begin(message.username, call);
      this.state.offer = message.offer.sdp;
      await this.accept(message.offer.sdp);
    } else if (call !== this.call) return;
    else if (type === "answer") {
      this.state.answer = message.answer.sdp;
      await this.applyAnswer(message.answer.sdp);
      this.state.answersApplied += 1;
    } else if (type === "candidate" && message.candidate?.candidate) await this.addCandidate(message.candidate);
    else if (type === "close" || type === "decline") await this.end({ type, reason });
  }

  /** Runs until the input ends. */
  async run(server, name) {
    this.socket = new WebSocket(server);
    await new Promise((resolve, reject) => this.socket.once("open", resolve).once("error", reject));
    // One message after the other: a candidate must not overtake the description it belongs to.
    let turn = Promise.resolve();
    const inTurn = (work) => (turn = turn.then(work).catch((error) => this.note(error)));
    this.socket.on("message", (data) => inTurn(() => this.hear(JSON.parse(data))));
    this.socket.send(JSON.stringify({ type: "login", username: name }));
    const states = setInterval(() => this.printState(), STATE_EVERY_MS);
    for await (const line of createInterface({ input: process.stdin })) {
      await inTurn(() => this.obey(JSON.parse(line)));
      this.commands += 1;
      this.printState();
    }
    clearInterval(states);
    await this.close();
    this.socket.terminate();
  }
}

function forgotten() {
  return { offer: null, answer: null, answersApplied: 0, ended: null, errors: [] };
}
