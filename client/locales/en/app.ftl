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
server-example = calls.example.org
server-help = A server lets people find each other. Pictures and sound don't go through it. Enter its address, or paste the invitation that you were sent.
log-in = Log in
logging-in = Logging in…
cancel = Cancel
username-missing = Enter a username. Others call you by it.
server-missing = Enter the server's address, such as { $example }.

## Keyboard shortcuts

keyboard-shortcuts = Keyboard shortcuts
done = Done
keys-next = Go to the next button or field
keys-press = Press the button; the space bar does, too
keys-accept = Accept a call
keys-hang-up = Decline, cancel or close a call
keys-mute = Mute or unmute the microphone, in a call
keys-talk = Hold to talk while you are muted, in a call
keys-camera = Turn the camera off or on, in a call
keys-mini-window = Switch to the mini window and back, in a call
keys-snapshot = Keep the picture of the other, in a call
keys-full-screen = Full screen, in a call
keys-whole-picture = Show the whole picture or fill the window, in a call
keys-statistics = Show the statistics, in a call
keys-leave = Leave full screen, close a list, go back
keys-settings = Open the settings
keys-help = Show this list of shortcuts (a question mark does, too)
one-key-or-other = { $one } or { $other }
key-tab = Tab
key-enter = Enter
key-space = Space
key-backspace = Backspace
key-escape = Escape
key-ctrl = Ctrl
key-shift = Shift
key-alt = Alt
key-delete = Delete
key-insert = Insert
key-page-up = Page up
key-page-down = Page down
key-pause = Pause
no-keys = no keys
shortcuts-how = Choose one, then press its new keys.
shortcuts-waiting = Press the new keys
shortcuts-press = Escape keeps the old ones, Backspace leaves it without keys.
shortcuts-reset = Back to the usual keys
keys-taken = { $keys } already does something else: { $what }. Press other keys.
keys-need-modifier = This works on every screen, so it needs Ctrl or Alt, or a function key such as F9.
keys-reserved = { $keys } is needed for typing and moving about. Press other keys.
keys-unknown = These keys can't be used here. Press others.
talking-while-held = You are heard while you hold { $keys }

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
