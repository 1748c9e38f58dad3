# What is written and sent in a call.

## The panel

text-and-files = Text
text-hint = Text and files ({ $keys })
text-unread-hint = { $count ->
    [one] Text and files ({ $keys }): { $count } unread message
   *[other] Text and files ({ $keys }): { $count } unread messages
}
close-text = Close text
text-goes-straight = Goes straight to { $peer }. Gone when the call ends, unless you save it.
text-none = { $peer }’s side has no text. You can still talk.
text-waiting = There is no connection for text right now. What you write is sent as soon as there is.
text-no-files = { $peer }’s side takes no files.

## Writing

write-to = Message to { $peer }
write-message = Message
send-message = Send
attach = Send files
attach-files = Files…
attach-folder = A folder…
attach-path = By its path…
attach-path-title = Send a file or a folder
attach-path-field = File or folder
attach-path-wrong = There is no such file or folder. Enter its whole path.
drop-to-send = Drop to send to { $peer }

## Lines

line-sending = Sending
line-sent = Sent
line-read = Read
line-lost = Not delivered
link-to = Link to { $host }
open-link-title = Open { $host }?
open-link = Open in browser
link-not-opened = No browser could be opened. Copy the link instead.
bubble-line = { $peer }: { $text }
bubble-offer = { $peer } wants to send you { $name }

## Saving

save-text = Save what was said
save-text-now = Save
choose-place = Choose…
text-file-name = Visavis { $peer } { $time }.txt
text-saved = Saved as { $file }

## Files

kind-picture = Picture
kind-video = Video
kind-sound = Sound
kind-text = Text
kind-pdf = PDF
kind-document = Document
kind-table = Spreadsheet
kind-slides = Slides
kind-archive = Archive
kind-program = Program
kind-file = File
kind-folder = { $count ->
    [one] Folder with { $count } file
   *[other] Folder with { $count } files
}
file-and-size = { $kind }, { $size }
file-from = { $kind }, { $size }, from { $peer }
size-bytes = { $value } B
size-kilobytes = { $value } kB
size-megabytes = { $value } MB
size-gigabytes = { $value } GB
so-much-of = { $done } of { $size }
size-a-second = { $size }/s
left-seconds = { $count } s left
left-minutes = { $count } min left
left-hours = { $hours } h { $minutes } min left
transfer-progress = Progress of { $name }
transfer-preparing = Getting it ready…
transfer-offered = Waiting for { $peer } to take it
transfer-paused-us = Paused by you
transfer-paused-them = Paused by { $peer }
transfer-interrupted = Interrupted. It goes on by itself.
transfer-checking = Checking it…
transfer-done-out = { $peer } has it
transfer-done-in = Saved in { $folder }
transfer-arrived = It is here
transfer-refused-us = You refused it
transfer-refused-them = { $peer } refused it
transfer-cancelled-us = You cancelled it
transfer-cancelled-them = { $peer } cancelled it
transfer-unreadable = It can’t be read: { $why }
transfer-changed = It has changed since it was offered. Send it again.
transfer-unwritable = It can’t be saved here: { $why }
transfer-no-room = It needs { $needs }, and { $free } are free on the disk. Make room, then ask for it again.
transfer-different = What arrived is not what was announced. It was not kept; it has to be sent again.
transfer-protocol = { $peer }’s side sent something that makes no sense here. An update of Visavis may help.
transfer-theirs = It could not be read or saved on { $peer }’s side.
transfer-call-ended = The call ended before it was done.
transfer-executable = This is a program. Open it only if you expected it.
save-to-downloads = Save to Downloads
refuse = Refuse
transfer-pause = Pause { $name }
transfer-resume = Go on with { $name }
transfer-cancel = Cancel { $name }
transfer-put-away = Put { $name } away
show-file-in-folder = Show in folder

## What could not be done

text-too-long = A message has at most { $count } characters. Send it in parts.
too-many-transfers = No more than { $count } go at once. Wait until one is done.
text-not-saved = It could not be saved: { $why }
text-closed = { $peer }’s side has closed the text. You can still talk.

## The downloads folder

downloads-folder = Received files go to
downloads-usual = The system’s downloads folder
downloads-wrong = There is no such folder. Enter its whole path.
