// Text over a data channel, as docs/protocol.md has it: what a page needs to talk with the app in writing. It joins
// itself to each RTCPeerConnection that a page makes.
"use strict";

const texts = { heard: [], received: 0, read: 0 };
let textChannel = null;
let lastText = 0;

/** Speaks on a channel: who we are first, then what is said, and that it arrived and was read. */
function speakOn(channel) {
  textChannel = channel;
  const say = (message) => channel.send(JSON.stringify(message));
  const greet = () => {
    const session = [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0"));
    say({ type: "hello", version: 1, session: session.join("") });
  };
  if (channel.readyState === "open") greet();
  else channel.onopen = greet;
  channel.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    if (message.type === "text") {
      texts.heard.push(message.text);
      say({ type: "received", id: message.id });
      say({ type: "read", id: message.id });
    } else if (message.type === "received" || message.type === "read") {
      texts[message.type] = message.id;
    }
  };
}

window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...given) {
    super(...given);
    this.addEventListener("datachannel", ({ channel }) => {
      if (channel.label === "visavis-text") speakOn(channel);
    });
    // Who calls offers the channel.
    this.createOffer = async (...options) => {
      if (!textChannel) speakOn(this.createDataChannel("visavis-text"));
      return super.createOffer(...options);
    };
  }
};

window.write = (text) => textChannel.send(JSON.stringify({ type: "text", id: (lastText += 1), text }));
window.texts = () => texts;
