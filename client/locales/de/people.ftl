# Zwischen den Anrufen: wer online ist, wen man anruft, Räume, ein Blick auf sich selbst.

online = Online
offline = Offline
people-online = { $count ->
    [one] { $count } Person online
   *[other] { $count } Personen online
}
people-online-first = { $count } Personen online, die ersten { $shown } aufgeführt
nobody-online = Sonst ist niemand online
ask-somebody = Bitten Sie jemanden, Visavis zu öffnen und sich bei { $server } anzumelden. Der Name erscheint dann hier.
ask-somebody-here = Bitten Sie jemanden, Visavis zu öffnen und sich bei diesem Server anzumelden. Der Name erscheint dann hier.
reaching-server = Der Server wird gesucht…
server-gone = Der Server ist nicht erreichbar. Es wird weiter versucht; bis dahin sind keine Anrufe möglich.
log-out = Abmelden

## Jemanden anrufen

username-to-call = Wen anrufen?
their-name = Benutzername
call = Anrufen
call-person = { $name } anrufen
callee-missing = Bitte den Namen der Person eingeben, die Sie anrufen möchten.

## Namen

name-missing = Bitte mindestens einen Buchstaben oder eine Ziffer eingeben.
name-too-long = Benutzernamen haben höchstens { $most } Zeichen.
name-space = Benutzernamen enthalten keine Leerzeichen. Verwenden Sie stattdessen „-“, „_“ oder „.“.
name-invisible = In diesem Benutzernamen ist ein unsichtbares Zeichen. Bitte tippen statt einfügen.
name-character = Benutzernamen enthalten kein „{ $character }“. Verwenden Sie Buchstaben, Ziffern, „.“, „-“ und „_“.
name-misplaced = „{ $character }“ kann dort nicht stehen. Beginnen und enden Sie mit einem Buchstaben oder einer Ziffer, und setzen Sie eines davon zwischen „.“, „-“ und „_“.
name-mixed-scripts = Dieser Benutzername mischt Buchstaben verschiedener Schriften. Verwenden Sie die einer einzigen.
name-mixed-digits = Dieser Benutzername mischt verschiedene Arten von Ziffern. Verwenden Sie 0 bis 9.
name-looks-latin = Dieser Benutzername sieht aus wie einer in lateinischen Buchstaben. Verwenden Sie lateinische Buchstaben, oder fügen Sie einen anderen hinzu.
name-direction = Die Buchstaben dieses Benutzernamens laufen in verschiedene Richtungen. Verwenden Sie die einer einzigen, und beginnen Sie mit einem Buchstaben.
name-no-form = Dieser Benutzername lässt sich verschieden lesen. Verwenden Sie einfache Buchstaben und Ziffern.

## Räume

room-word = Das vereinbarte Wort
room-hint = Ein Wort, das beide kennen
join = Beitreten
join-room = Dem Raum beitreten
joining-room = { $room } wird betreten…
in-room = Sie sind in { $room }. Wer als Nächstes kommt, kann Sie anrufen.
mate-in-room = { $name } ist auch in { $room }.
call-person-in-room = { $name } in { $room } anrufen
room-missing = Bitte das Wort eingeben, das Sie mit der anderen Person vereinbart haben.
room-too-long = Dieses Wort ist zu lang. Höchstens { $most } Zeichen sind möglich.
room-unprintable = In diesem Wort ist ein Zeichen, das sich nicht darstellen lässt. Bitte neu tippen.
room-full = In { $room } sind schon zwei Personen. Vereinbaren Sie einen anderen Raum.
room-refused = Der Server lässt Sie nicht in { $room }.

## Ein Blick auf sich selbst

show-preview = Vorschau zeigen
stop-preview = Vorschau beenden
own-picture = Ihr Bild, gespiegelt
waiting-for-camera = Die Kamera startet…
camera-is-off = Die Kamera ist aus

## Contacts, blocked names, calls

tab-people = Personen
tab-calls = Anrufe
tab-calls-missed = { $count ->
    [one] Anrufe, { $count } verpasster
   *[other] Anrufe, { $count } verpasste
}
search = Suchen
search-hint = Suchen, oder ein Name zum Anrufen
contacts = Kontakte
blocked-names = Blockiert
blocked = Blockiert
presence-unknown = Ob online, ist nicht bekannt
no-calls-yet = Noch keine Anrufe. Ihre Anrufe erscheinen hier.
erase-calls = Alle Anrufe löschen
call-missed = Verpasst
call-missed-while-busy = Verpasst, während Sie in einem Anruf waren
call-unanswered = Niemand ging ran
call-declined = Abgelehnt
call-busy = War in einem anderen Anruf
call-cancelled = Abgebrochen
call-offline = War offline
call-not-connected = Nicht verbunden
missed-call = Verpasster Anruf
they-called = { $name } rief an
you-called = Sie riefen an
calls-with = Anrufe mit { $name }
call-without-video = Ohne Video anrufen
add-contact = Zu Kontakten hinzufügen
rename = Umbenennen
remove-contact = Aus Kontakten entfernen
block = Blockieren
unblock = Blockierung aufheben
blocked-line = { $name } kann Sie nicht anrufen und erfährt davon nichts.
display-name = Name für { $name }
save = Speichern
name-and-state = { $name } · { $state }

## Zeilen über den Personen

missed-call-from = Verpasster Anruf von { $name }, { $time }
missed-calls-last = { $count } verpasste Anrufe, der letzte von { $name }, { $time }
two-sentences = { $first } { $second }
call-back = Zurückrufen

## Einladungen

invite = Einladen
invite-somebody = Jemanden einladen
invite-line = Wer diesen Link in Visavis öffnet, kann Sie anrufen, solange Sie online sind.
invite-here-only = Der Server läuft auf diesem Computer, der Link funktioniert daher nur hier.
invite-link = Link
copy-link = Link kopieren
copy-room-link = Link zu { $room } kopieren
link-copied = Kopiert
no-visavis-yet = Man findet Sie nicht?
no-visavis-line = Schicken Sie einen Link, der zu Ihnen führt.
join-a-room = Raum
leave-room = Verlassen
leave-the-room = { $room } verlassen
nobody-yet = Wen Sie anrufen oder hinzufügen, erscheint hier.

## Das Fenster schließen

closing-in-call = Anruf und Visavis beenden?
closing-in-call-line = Sie sind in einem Anruf mit { $name }.
close-call-and-quit = Auflegen und beenden
keep-calling = Im Anruf bleiben
closing-to-tray = Soll Visavis weiterlaufen?
closing-to-tray-line = Visavis kann im Infobereich warten, damit man Sie weiter anrufen kann. Von dort öffnen Sie es wieder.
keep-in-tray = Weiterlaufen lassen
