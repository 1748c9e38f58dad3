# A call: calling, being called, in the call, how it ended.

calling-person = Calling { $peer }
calling = Calling…
ringing = Ringing…
connecting-person = Connecting to { $peer }
connecting = Connecting…
person-is-calling = { $peer } is calling
accept = Accept
accept-without-video = Accept without video
decline = Decline
accept-decline-keys = { $accept } accepts, { $decline } declines
accepting-opens-both = Accepting turns your camera and microphone on.
accepting-opens-microphone = Accepting turns your microphone on. Your camera stays off.
accepting-opens-camera = Accepting turns your camera on. Your microphone stays muted.
accepting-opens-nothing = Your camera stays off and your microphone muted.

## In the call

picture-of = Picture of { $peer }
no-picture-from = No picture from { $peer }
waiting-for-picture = Waiting for { $peer }'s picture…
close-call = Close call
close-call-hint = Close the call ({ $keys })
mute = Mute
mute-hint = Mute the microphone ({ $keys })
unmute-hint = Unmute the microphone ({ $keys })
camera-on-hint = Turn the camera on ({ $keys })
camera-off-hint = Turn the camera off ({ $keys })
camera-missing-hint = There is no camera. Choose another.
devices = Devices
devices-hint = Choose camera, microphone and speaker
more = More
close-devices = Close devices
full-screen = Full screen
full-screen-hint = Fill the screen with the call ({ $keys })
leave-full-screen-hint = Leave full screen ({ $keys })
time-in-call = In the call for { $time }
their-microphone-muted = { $peer } is muted
their-camera-off = { $peer }'s camera is off
talking-while-muted = You are muted, and you are talking
silent-microphone = They can't hear you: your microphone is silent
unmute = Unmute
choose-microphone = Choose another microphone
choose-camera = Choose another camera
choose-speaker = Choose another speaker
take-snapshot = Take a snapshot
mini-window = Mini window
mini-window-hint = A small window above all others ({ $keys })
leave-mini-window-hint = Back to the large window ({ $keys })
snapshot-kept = The picture is kept in { $folder } as “{ $file }”.
snapshot-failed = The picture could not be kept in { $folder }. Check that there is room, and that you may write there.
snapshot-no-folder = The picture could not be kept: this computer has no folder for pictures.
snapshot-none = There is no picture of { $peer } to keep yet.
show-in-folder = Show in folder
folder-not-shown = The folder could not be opened. Look for the picture with your file manager.
folder-not-opened = The folder could not be opened. Copy its path, and look for it with your file manager.
interrupted = Reconnecting… Finding another way to { $peer }.
interrupted-for = Reconnecting… Finding another way to { $peer } ({ $time }).
you = You
you-are-muted = You are muted.
own-camera-off = Your camera is off
own-picture-plain = Your picture
self-view-keys = Arrow keys move it to another corner, plus and minus resize it, H hides it.
self-view-plain = Don't mirror your picture
self-view-mirror = Mirror your picture
self-view-hide = Hide your picture ({ $keys })
self-view-show = Show your picture
whole-picture = Show the whole picture
fill-window = Fill the window
show-own-picture = Show my picture
hide-own-picture = Hide my picture
menu-full-screen = Fill the screen
menu-leave-full-screen = Leave full screen

## How the connection is doing

computer-busy = This computer is too busy: each picture takes { $time } ms
their-connection-weak = Their connection is weak: { $percent }% of their packets are lost
your-connection-weak = Your connection is weak: { $percent }% of your packets are lost
your-upload-slow = Your upload is slow: it carries { $kilobits } kbit/s
connection-late = The connection is slow: what you say arrives { $time } ms late

## How it ended

back = Back
call-again = Call again
talked-for = You talked for { $time }.
ended-by-us = You ended the call with { $peer }.
cancelled-by-us = You cancelled the call with { $peer }.
declined-by-us = You declined { $peer }'s call.
ended-by-them = { $peer } ended the call.
cancelled-by-them = { $peer } cancelled the call.
call-back-to-hear = Call back to hear what it was about.
declined-by-them = { $peer } declined the call.
try-later = Try again later.
on-another-call = { $peer } is on another call.
no-answer = { $peer } didn't answer.
not-online = { $peer } is not online.
check-name = Check how the name is spelled, and that they are logged in to the same server.
not-passed-on = The server did not pass the call on.
went-offline = { $peer } went offline before the call could begin.
call-when-back = Call again when they are back.
server-lost = The connection to the server was lost before the call could begin.
check-network = Check your network connection, then call again.
not-connected-to = Couldn't connect to { $peer }.
firewall-try = A firewall at either end may be in the way. Call again, or try another network.
their-app-failed = Their app could not set up the call. Try again.
call-not-set-up = The two apps could not agree on a call. One of them may need an update.
part-failed = A part of the call could not be started. Close other programs, then call again.
connection-lost = The connection to { $peer } was lost.

## Why the server does not pass a call on

refused-version = The server does not understand this version of Visavis. One of them needs an update.
refused-logged-out = The server has logged you out. Log in again.
refused-unknown = Nobody is online under that name.
refused-not-allowed = The server does not allow this call.
refused-too-large = The server found the call's description too large. Try with fewer network connections.
refused-too-often = You do that too often. Try again in a minute.
refused-room-full = There are two people in that room already.
refused-unavailable = The servers can't reach each other at the moment. Try again soon.
refused-call = The server refused the call.
log-in-first = Log in before you call somebody.
own-name = That is your own name. Call somebody else.

## Video that can't be shown

their-picture-no-format = { $peer }'s picture can't be shown: their program sends no H.264 video, the only kind that can be shown here.
their-picture-refused = { $peer }'s picture can't be shown: their program refused video. It may have no H.264, the only kind that can be shown here.
their-picture-none = { $peer }'s picture can't be shown: their program sends no video.
their-picture-interlaced = { $peer }'s picture can't be shown: it is interlaced. Another camera or program on their side may help.
their-picture-bits = { $peer }'s picture can't be shown: it has { $bits } bits for each colour, and only 8 can be shown. Another program or setting on their side may help.
their-picture-colours = { $peer }'s picture can't be shown: its colours are finer than can be shown here. Another program or setting on their side may help.
their-picture-size = { $peer }'s picture can't be shown: it is { $size }, and no more than 1920x1080 can be shown. They can choose a smaller picture.
their-picture-memory = { $peer }'s picture can't be shown: it needs more memory than was agreed. Another program or setting on their side may help.
their-picture-profile = { $peer }'s picture can't be shown: it is a kind of H.264 that is unknown here. Another program or setting on their side may help.
their-picture-no-key-frame = { $peer }'s picture can't be shown: no whole picture has come for a while. It helps if they turn their camera off and on.
cannot-see-you = { $peer } can't see you
cannot-see-you-no-format = { $peer } can't see you: their program takes no H.264 video, the only kind that is sent here.
cannot-see-you-refused = { $peer } can't see you: their program refused video.
cannot-see-you-none = { $peer } can't see you: their program takes no video.

## Statistics

statistics = Statistics
close-statistics = Close statistics
statistics-soon = The first numbers will be here in a moment.
statistics-you-send = You send
statistics-they-send = They send
statistics-audio = Audio sent, received
statistics-upload = Upload could carry
statistics-round-trip = Round trip
statistics-lost = Lost going out, coming in
statistics-jitter-buffer = Jitter buffer: audio, video
statistics-concealed = Concealed audio
statistics-freezes = Freezes
statistics-codec = Encoding, decoding
statistics-delay = Delay: video, audio
statistics-video = { $width }×{ $height }, { $rate }/s, { $bitrate }
plot-sent = Sent, and what your upload could carry
plot-round-trip = Round trip
plot-lost = Lost coming in, and going out
plot-jitter-buffer = Jitter buffer: audio, video
plot-now = { $name }, the last minute: { $values } now
plot-not-measured = { $name }, the last minute: not measured now

## Who is at the other end.
key-missing = { $peer } signed this call with no key, although there was one before.
key-changed = { $peer }’s key has changed.
key-changed-advice = Nothing of the call has started. Ask { $peer } by another way; if you call, compare the safety code first.
call-untrusted = The call with { $peer } was not safe and was ended.
untrusted-signature = What came from them wasn’t signed by their key. Somebody may sit between you.
untrusted-certificate = Their certificate changed in the middle of the call. Somebody may sit between you.
untrusted-opening = Their safety code was opened wrongly. Somebody may sit between you.
untrusted-unreadable = What came with their signature can’t be read. Ask them to update Visavis.
call-refused-untrusted = A call that claimed to be from { $peer } was refused: it wasn’t signed by the key that it named. Somebody may sit between you.
