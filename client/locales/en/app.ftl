# The window as a whole: its title, logging in, shortcuts, notices.

title-ringing = { $peer } is calling – Visavis
title-calling = Calling { $peer } – Visavis
title-in-call = In a call with { $peer } – Visavis
title-logged-in = { $name } – Visavis

## Logging in

tagline = Private one-to-one video calls
username = Username
username-example = alice
server = Server
server-example = ws://127.0.0.1:9090
server-help = A server lets people find each other. Pictures and sound don't go through it. Ask whoever invited you for its address.
log-in = Log in
logging-in = Logging in…
cancel = Cancel
username-missing = Enter a username. Others call you by it.
server-missing = Enter the server's address, such as { $example }.

## Keyboard shortcuts

keyboard-shortcuts = Keyboard shortcuts
done = Done
keys-next = go to the next button or field
keys-press = press the button
keys-accept = accept a call
keys-hang-up = decline, cancel or close a call
keys-mute = mute or unmute the microphone, in a call
keys-camera = turn the camera off or on, in a call
keys-full-screen = full screen, in a call
keys-whole-picture = show the whole picture or fill the window, in a call
keys-statistics = show the statistics, in a call
keys-leave = leave full screen, close a list, go back
keys-help = show this list
one-key-or-other = { $one } or { $other }
key-tab = Tab
key-enter = Enter
key-space = Space
key-backspace = Backspace
key-escape = Escape
key-ctrl = Ctrl
key-shift = Shift
key-alt = Alt

## Notices

notices = Notices
dismiss = Dismiss
dismiss-notice = Dismiss: { $notice }
older-notices = and { $count } older

## Settings

settings = Settings
theme = Theme
theme-follow = As the system
theme-dark = Dark
theme-light = Light
language = Language
language-system = As the system
scale = Size of everything
do-not-disturb = Do not disturb
begin-with-camera = Calls begin with the camera on
begin-with-microphone = Calls begin with the microphone on

## The desktop

desktop-video-call = Video call
desktop-answer = Answer
desktop-show = Show Visavis
desktop-mute = Mute microphone
desktop-quit = Quit
desktop-in-a-call = In a video call
desktop-in-call-with = In a call with { $name }
invitation-elsewhere = This invitation is for another server. Log out, log in at { $server }, and open it again.
desktop-missed-calls = { $count ->
    [one] { $count } missed call
   *[other] { $count } missed calls
}
desktop-missed-from = Missed call from { $name }
desktop-names = { $names }
desktop-names-and-more = { $names } and { $more } more
