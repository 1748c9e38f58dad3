# What is written and sent in a call.

## The panel

text-and-files = Text
text-hint = Text und Dateien ({ $keys })
text-unread-hint = { $count ->
    [one] Text und Dateien ({ $keys }): { $count } ungelesene Nachricht
   *[other] Text und Dateien ({ $keys }): { $count } ungelesene Nachrichten
}
close-text = Text schließen
text-goes-straight = Geht direkt an { $peer }. Nach dem Anruf weg, wenn Sie es nicht sichern.
text-none = Auf der Seite von { $peer } gibt es keinen Text. Sprechen können Sie weiterhin.
text-waiting = Gerade gibt es keine Verbindung für Text. Was Sie schreiben, wird gesendet, sobald es eine gibt.
text-no-files = Die Seite von { $peer } nimmt keine Dateien an.

## Writing

write-to = Nachricht an { $peer }
write-message = Nachricht
send-message = Senden
attach = Dateien senden
attach-files = Dateien…
attach-folder = Ein Ordner…
attach-path = Nach Pfad…
attach-path-title = Eine Datei oder einen Ordner senden
attach-path-field = Datei oder Ordner
attach-path-wrong = Diese Datei oder diesen Ordner gibt es nicht. Geben Sie den ganzen Pfad ein.
drop-to-send = Loslassen, um es an { $peer } zu senden

## Lines

line-sending = Wird gesendet
line-sent = Gesendet
line-read = Gelesen
line-lost = Nicht zugestellt
link-to = Link zu { $host }
open-link-title = { $host } öffnen?
open-link = Im Browser öffnen
link-not-opened = Es konnte kein Browser geöffnet werden. Kopieren Sie stattdessen den Link.
bubble-line = { $peer }: { $text }
bubble-offer = { $peer } möchte Ihnen { $name } senden

## Saving

save-text = Gesagtes sichern
save-text-now = Sichern
choose-place = Wählen…
text-file-name = Visavis { $peer } { $time }.txt
text-saved = Gesichert als { $file }

## Files

kind-picture = Bild
kind-video = Video
kind-sound = Ton
kind-text = Text
kind-pdf = PDF
kind-document = Dokument
kind-table = Tabelle
kind-slides = Präsentation
kind-archive = Archiv
kind-program = Programm
kind-file = Datei
kind-folder = { $count ->
    [one] Ordner mit { $count } Datei
   *[other] Ordner mit { $count } Dateien
}
file-and-size = { $kind }, { $size }
file-from = { $kind }, { $size }, von { $peer }
size-bytes = { $value } B
size-kilobytes = { $value } kB
size-megabytes = { $value } MB
size-gigabytes = { $value } GB
so-much-of = { $done } von { $size }
size-a-second = { $size }/s
left-seconds = noch { $count } s
left-minutes = noch { $count } min
left-hours = noch { $hours } h { $minutes } min
transfer-progress = Fortschritt von { $name }
transfer-preparing = Wird vorbereitet…
transfer-offered = Wartet darauf, dass { $peer } es annimmt
transfer-paused-us = Von Ihnen angehalten
transfer-paused-them = Von { $peer } angehalten
transfer-interrupted = Unterbrochen. Es geht von selbst weiter.
transfer-checking = Wird geprüft…
transfer-done-out = { $peer } hat es
transfer-done-in = Gesichert in { $folder }
transfer-arrived = Es ist da
transfer-refused-us = Von Ihnen abgelehnt
transfer-refused-them = Von { $peer } abgelehnt
transfer-cancelled-us = Von Ihnen abgebrochen
transfer-cancelled-them = Von { $peer } abgebrochen
transfer-unreadable = Es kann nicht gelesen werden: { $why }
transfer-changed = Es hat sich seit dem Angebot geändert. Senden Sie es noch einmal.
transfer-unwritable = Es kann hier nicht gesichert werden: { $why }
transfer-no-room = Es braucht { $needs }, und auf der Festplatte sind { $free } frei. Schaffen Sie Platz und bitten Sie noch einmal darum.
transfer-different = Was ankam, ist nicht, was angekündigt war. Es wurde nicht behalten und muss noch einmal gesendet werden.
transfer-protocol = Die Seite von { $peer } hat etwas gesendet, das hier keinen Sinn ergibt. Eine neuere Version von Visavis kann helfen.
transfer-theirs = Es konnte auf der Seite von { $peer } nicht gelesen oder gesichert werden.
transfer-call-ended = Der Anruf endete, bevor es fertig war.
transfer-executable = Das ist ein Programm. Öffnen Sie es nur, wenn Sie es erwartet haben.
save-to-downloads = In Downloads sichern
refuse = Ablehnen
transfer-pause = { $name } anhalten
transfer-resume = Mit { $name } fortfahren
transfer-cancel = { $name } abbrechen
transfer-put-away = { $name } ausblenden
show-file-in-folder = Im Ordner zeigen

## What could not be done

text-too-long = Eine Nachricht hat höchstens { $count } Zeichen. Senden Sie sie in Teilen.
too-many-transfers = Mehr als { $count } gehen nicht zugleich. Warten Sie, bis etwas fertig ist.
text-not-saved = Es konnte nicht gesichert werden: { $why }
text-closed = Die Seite von { $peer } hat den Text geschlossen. Sprechen können Sie weiterhin.

## The downloads folder

downloads-folder = Empfangene Dateien kommen in
downloads-usual = Der Download-Ordner des Systems
downloads-wrong = Diesen Ordner gibt es nicht. Geben Sie den ganzen Pfad ein.
