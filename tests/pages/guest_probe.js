// What a test adds to the guest page, behind media.js: doors to look through. It changes nothing
// of what the page does.
const peers = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...given) {
    super(...given);
    peers.push(this);
  }
};
new ReportingObserver((reports) => reports.forEach(({ body }) => errors.push(`policy: ${body.blockedURL}`)), {
  types: ["csp-violation"],
  buffered: true,
}).observe();
const complain = console.error;
console.error = (...what) => {
  errors.push(what.map(String).join(" "));
  complain(...what);
};
Object.assign(window, { remoteTone, remotePicture, remotePictureNumber });
window.describe = async () => {
  const open = peers.filter((peer) => peer.connectionState !== "closed");
  return { errors, ...(await countsOf(open.at(-1))) };
};
