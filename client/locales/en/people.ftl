# The screen between calls: who is online, whom to call, rooms, a look at oneself.

online = Online
offline = Offline
people-online = { $count ->
    [one] { $count } person online
   *[other] { $count } people online
}
people-online-first = { $count } people online, the first { $shown } listed
nobody-online = Nobody else is online
ask-somebody = Ask somebody to open Visavis and log in to { $server }. Their name will appear here.
ask-somebody-here = Ask somebody to open Visavis and log in to this server. Their name will appear here.
reaching-server = Trying to reach the server…
server-gone = The server can't be reached. Trying again; you can't make calls until it's back.
log-out = Log out

## Calling somebody

username-to-call = Username to call
their-name = Their name
call = Call
call-person = Call { $name }
callee-missing = Enter the name of the person to call.

## Names

name-missing = Enter at least one letter or digit.
name-too-long = Usernames can't be longer than { $most } characters.
name-space = Usernames can't contain spaces. Use “-”, “_” or “.” instead.
name-invisible = There is an invisible character in that username. Type it instead of pasting it.
name-character = Usernames can't contain “{ $character }”. Use letters, digits, “.”, “-” and “_”.
name-misplaced = “{ $character }” can't stand there. Begin and end with a letter or digit, and put one between “.”, “-” and “_”.
name-mixed-scripts = That username mixes letters of different alphabets. Use those of one.
name-mixed-digits = That username mixes different kinds of digits. Use 0 to 9.
name-looks-latin = That username looks like one in Latin letters. Use Latin letters, or add a letter that differs.
name-direction = The letters of that username run in different directions. Use those of one, and begin with a letter.
name-no-form = That username can be read in several ways. Use plain letters and digits.

## Rooms

room-word = The word you agreed on
room-hint = Any word you both know
join = Join
join-room = Join the room
joining-room = Joining { $room }…
in-room = You are in { $room }. Whoever joins next can call you.
mate-in-room = { $name } is in { $room } too.
call-person-in-room = Call { $name } in { $room }
room-missing = Enter the word that you agreed on with the other person.
room-too-long = That word is too long. Use at most { $most } characters.
room-unprintable = There is a character in that word that can't be shown. Type it again.
room-full = There are two people in { $room } already. Agree on another room.
room-refused = The server did not let you into { $room }.

## A look at oneself

show-preview = Show the preview
stop-preview = Stop the preview
own-picture = Your picture, mirrored
waiting-for-camera = Waiting for the camera…
camera-is-off = The camera is off

## Contacts, blocked names, calls

tab-people = People
tab-calls = Calls
tab-calls-missed = { $count ->
    [one] Calls, { $count } missed
   *[other] Calls, { $count } missed
}
search = Search
search-hint = Search, or a name to call
contacts = Contacts
blocked-names = Blocked
blocked = Blocked
presence-unknown = Not known whether they are online
no-calls-yet = No calls yet. Those you make and get will be here.
erase-calls = Erase all calls
call-missed = Missed
call-missed-while-busy = Missed while you were in a call
call-unanswered = Nobody answered
call-declined = Declined
call-busy = They were in another call
call-cancelled = Cancelled
call-offline = They were offline
call-not-connected = Not connected
missed-call = Missed call
they-called = { $name } called
you-called = You called
calls-with = Calls with { $name }
call-without-video = Call without video
add-contact = Add to contacts
rename = Rename
remove-contact = Remove from contacts
block = Block
unblock = Unblock
blocked-line = { $name } can't call you and learns nothing of it.
display-name = What to call { $name }
save = Save
name-and-state = { $name } · { $state }

## Lines over the people

missed-call-from = Missed call from { $name }, { $time }
missed-calls-last = { $count } missed calls, the last from { $name }, { $time }
two-sentences = { $first } { $second }
call-back = Call back

## Invitations

invite = Invite
invite-somebody = Invite somebody
invite-line = Whoever opens this link in Visavis can call you while you are online.
invite-here-only = The server runs on this computer, so the link works only here.
invite-link = Link
copy-link = Copy link
copy-room-link = Copy a link to { $room }
link-copied = Copied
no-visavis-yet = They can’t find you?
no-visavis-line = Send them a link that leads to you.
join-a-room = Join a room
leave-room = Leave
leave-the-room = Leave { $room }
nobody-yet = People you call or add appear here.

## Closing the window

closing-in-call = Close the call and quit?
closing-in-call-line = You are in a call with { $name }.
close-call-and-quit = Close call and quit
keep-calling = Keep calling
closing-to-tray = Keep Visavis running?
closing-to-tray-line = It can wait in the tray, so that people can still call you. Open it again from there.
keep-in-tray = Keep in the tray
