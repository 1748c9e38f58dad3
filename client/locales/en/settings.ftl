# The settings: their sections, and what stands in them.

settings-section = Section
settings-profile = Profile
settings-devices = Devices
settings-calls = Calls
settings-network = Network
settings-notifications = Notifications
settings-appearance = Appearance
settings-shortcuts = Shortcuts
settings-data = Data
settings-about = About
settings-open = Open
settings-copy = Copy
settings-copied = Copied
from-the-next-call-on = What you change here holds from the next call on.

## Devices

mirror-own-picture = Mirror my own picture
automatic-volume-hint = Keeps your voice at an even level.
trial-record = Record 3 s and play back
trial-tone = Play a tone
trial-ring = Listen
trial-stop = Stop
trial-opening = One moment…
trial-recording = Recording. Say something…
trial-playing-back = This is how others hear you.
trial-playing = Playing…
trial-not-in-call = Devices can be tried out when the call is over.

## Calls

callers = Who can call you
callers-everybody = Everybody
callers-contacts = Only contacts
callers-hint = Blocked names never reach you.
largest-picture = Largest picture you send
frame-rate = Pictures a second
largest-bitrate = Use at most
largest-bitrate-hint = Calls adapt below that.

## The network

relay-only = Hide my address
relay-only-hint = Calls go through a relay, which takes a little longer.
built-in-stun = Use the built-in STUN server
built-in-stun-hint = It tells this computer its address on the internet.
own-servers = Own relay (TURN) or STUN servers
own-servers-hint = Used beside those that your server offers.
server-address = Address
server-address-example = turn:relay.example.org
server-address-wrong = Write it like stun:example.org or turn:example.org:3478.
server-username = Username on the relay
server-password = Password
show-password = Show the password
server-credentials-missing = A relay needs a username and a password. Enter both.
server-known = This server is in the list already.
too-many-servers = That are enough servers. Remove one first.
server-unusable = This address can't be used. Remove it.
server-with-password = As { $name }, with a password
server-without-password = Without a password
add-server = Add the server
remove-server = Remove { $address }

## Notifications and the ring tone

do-not-disturb-hint = Calls count as missed without ringing.
quiet-hours = Quiet hours
quiet-hours-hint = The same, at these hours each day.
quiet-from = From
quiet-until = Until
time-wrong = Write a time such as 22:30.
ring-aloud = Ring when somebody calls
ring-volume = Ring volume
ring-speaker = Ring through
ring-speaker-of-calls = The speaker of calls
ring-tone = Ring tone
ring-how = How it rings
ring-bells = Bells
ring-marimba = Marimba
ring-telephone = Telephone
ring-drops = Drops
show-notifications = Show a desktop notification
settings-tray = Stay in the tray when the window is closed
settings-tray-hint = You can still be called.

## Appearance

less-motion = Less motion
less-motion-hint = Nothing slides; things only appear.

## Profile

not-logged-in = You are not logged in.
logged-in-at = On { $server }
settings-copy-link = Copy my link
settings-server-encrypted = Encrypted
settings-server-not-encrypted = Not encrypted: others on the way can read who calls whom.
your-key = Your key
your-key-hint = It proves that the name is yours, and stays on this computer.
log-out-hint = You can't be called until you log in again.
log-out-in-call = That closes the call. Log out all the same?
blocked-names-hint = They can't call you, and learn nothing of you.

## Data

data-folder = Keys, contacts and calls
settings-folder = Settings
folder-none = Kept only until the program ends.
data-after-log-in = Log in to export or erase contacts and calls.
export-people = Export contacts, calls and keys
export-people-hint = Also blocked names and the public keys of earlier calls, as a file that other programs can read.
export-file = File
export-file-wrong = Enter the whole path of a file.
settings-export = Export
settings-erase = Erase
erase-history = Recent calls
erase-history-sure = Erase all recent calls? This can't be undone.
erase-people = Everything about people
erase-people-hint = Contacts, blocked names, recent calls and remembered keys on this server.
erase-people-sure = Erase all contacts, blocked names, calls and remembered keys? Blocked people can call again, and everybody's next call counts as the first: nobody would notice another key. This can't be undone.

## About

licence = Free software, under the MIT or Apache 2.0 licence
build = This build
build-of-commit = Commit { $commit }, built on { $date }
build-of-unknown-commit = Built on { $date }; the commit is not known
build-in-development = A development build: commit and day are not recorded
licences-inside = What is inside
licences-inside-list = webrtc and egui (MIT or Apache 2.0), OpenH264 (BSD), Opus and Sonora (BSD), the typeface Inter (OFL), and other free software.
log = Log
log-hint = It is where Visavis was started from: in that terminal, or in the system's journal. It holds no addresses or keys.

## The key

key-in-keyring = In this computer's keyring.
key-in-file = In the file { $file }.
move-key = Move to another computer
move-key-hint = With the same key you are the same person there.
export-key = Save the key in a file
import-key = Use the key of a file
import-key-sure = Replace the key that is here? Usernames belong to it. It is kept aside.
key-passphrase = Passphrase
key-passphrase-again = The same again
key-passphrases-differ = The two passphrases differ.
key-passphrase-weak = Weak: whoever finds the file may guess it.
key-passphrase-fair = Fair: guessing it takes long.
key-passphrase-strong = Strong.
key-working = One moment…
key-save = Save key
key-use = Use key
