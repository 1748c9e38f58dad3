# Ein Anruf: anrufen, angerufen werden, im Gespräch, wie er endete.

calling-person = Anruf bei { $peer }
calling = Anruf…
ringing = Es klingelt…
connecting-person = Verbindung mit { $peer }
connecting = Verbinden…
person-is-calling = { $peer } ruft an
accept = Annehmen
accept-without-video = Ohne Video annehmen
decline = Ablehnen
accept-decline-keys = { $accept } nimmt an, { $decline } lehnt ab
accepting-opens-both = Beim Annehmen gehen Kamera und Mikrofon an.
accepting-opens-microphone = Beim Annehmen geht das Mikrofon an. Die Kamera bleibt aus.
accepting-opens-camera = Beim Annehmen geht die Kamera an. Das Mikrofon bleibt stumm.
accepting-opens-nothing = Die Kamera bleibt aus und das Mikrofon stumm.

## Im Gespräch

picture-of = Bild von { $peer }
no-picture-from = Kein Bild von { $peer }
waiting-for-picture = Warten auf das Bild von { $peer }…
close-call = Anruf beenden
close-call-hint = Anruf beenden ({ $keys })
mute = Stumm schalten
mute-hint = Mikrofon stumm schalten ({ $keys })
unmute-hint = Mikrofon wieder einschalten ({ $keys })
camera-on-hint = Kamera einschalten ({ $keys })
camera-off-hint = Kamera ausschalten ({ $keys })
camera-missing-hint = Es gibt keine Kamera. Wählen Sie eine andere.
devices = Geräte
devices-hint = Kamera, Mikrofon und Lautsprecher wählen
more = Mehr
close-devices = Geräte schließen
full-screen = Vollbild
full-screen-hint = Anruf im Vollbild ({ $keys })
leave-full-screen-hint = Vollbild verlassen ({ $keys })
time-in-call = Im Gespräch: { $time }
their-microphone-muted = { $peer } ist stummgeschaltet
their-camera-off = Die Kamera von { $peer } ist aus
talking-while-muted = Sie sind stummgeschaltet, und Sie sprechen
silent-microphone = Man hört Sie nicht: Ihr Mikrofon ist still
unmute = Ton einschalten
choose-microphone = Anderes Mikrofon wählen
choose-camera = Andere Kamera wählen
choose-speaker = Anderen Lautsprecher wählen
take-snapshot = Foto aufnehmen
mini-window = Minifenster
mini-window-hint = Ein kleines Fenster über allen anderen ({ $keys })
leave-mini-window-hint = Zurück zum großen Fenster ({ $keys })
snapshot-kept = Das Bild liegt in { $folder } als „{ $file }“.
snapshot-failed = Das Bild konnte nicht in { $folder } gespeichert werden. Prüfen Sie, ob dort Platz ist und ob Sie dort schreiben dürfen.
snapshot-no-folder = Das Bild konnte nicht gespeichert werden: Dieser Computer hat keinen Ordner für Bilder.
snapshot-none = Noch gibt es kein Bild von { $peer }, das sich speichern lässt.
show-in-folder = Im Ordner zeigen
folder-not-shown = Der Ordner ließ sich nicht öffnen. Suchen Sie das Bild mit Ihrer Dateiverwaltung.
folder-not-opened = Der Ordner ließ sich nicht öffnen. Kopieren Sie den Pfad, und suchen Sie ihn mit Ihrer Dateiverwaltung.
interrupted = Verbindung unterbrochen… Ein anderer Weg zu { $peer } wird gesucht.
interrupted-for = Verbindung unterbrochen… Ein anderer Weg zu { $peer } wird gesucht ({ $time }).
you = Sie
you-are-muted = Sie sind stumm.
own-camera-off = Ihre Kamera ist aus
own-picture-plain = Ihr Bild
self-view-keys = Die Pfeiltasten bewegen es in eine andere Ecke, Plus und Minus ändern die Größe, H blendet es aus.
self-view-plain = Eigenes Bild nicht spiegeln
self-view-mirror = Eigenes Bild spiegeln
self-view-hide = Eigenes Bild ausblenden ({ $keys })
self-view-show = Eigenes Bild einblenden
whole-picture = Ganzes Bild zeigen
fill-window = Fenster füllen
show-own-picture = Eigenes Bild einblenden
hide-own-picture = Eigenes Bild ausblenden
menu-full-screen = Bildschirm füllen
menu-leave-full-screen = Vollbild verlassen

## Wie gut die Verbindung ist

computer-busy = Dieser Computer ist überlastet: jedes Bild braucht { $time } ms
their-connection-weak = Die andere Verbindung ist schwach: { $percent } % der Pakete gehen verloren
your-connection-weak = Ihre Verbindung ist schwach: { $percent } % Ihrer Pakete gehen verloren
your-upload-slow = Ihre Verbindung sendet langsam: nur { $kilobits } kbit/s
connection-late = Die Verbindung ist langsam: was Sie sagen, kommt { $time } ms später an

## Wie er endete

back = Zurück
call-again = Erneut anrufen
talked-for = Gesprächsdauer: { $time }.
ended-by-us = Sie haben den Anruf mit { $peer } beendet.
cancelled-by-us = Sie haben den Anruf bei { $peer } abgebrochen.
declined-by-us = Sie haben den Anruf von { $peer } abgelehnt.
ended-by-them = { $peer } hat den Anruf beendet.
cancelled-by-them = { $peer } hat den Anruf abgebrochen.
call-back-to-hear = Rufen Sie zurück, um zu erfahren, worum es ging.
declined-by-them = { $peer } hat den Anruf abgelehnt.
try-later = Versuchen Sie es später noch einmal.
on-another-call = { $peer } ist in einem anderen Gespräch.
no-answer = { $peer } hat nicht geantwortet.
not-online = { $peer } ist nicht online.
check-name = Prüfen Sie die Schreibweise des Namens, und ob beide beim selben Server angemeldet sind.
not-passed-on = Der Server hat den Anruf nicht weitergegeben.
went-offline = { $peer } ging offline, bevor der Anruf beginnen konnte.
call-when-back = Rufen Sie später noch einmal an.
server-lost = Die Verbindung zum Server brach ab, bevor der Anruf beginnen konnte.
check-network = Prüfen Sie Ihre Netzwerkverbindung, und rufen Sie dann noch einmal an.
not-connected-to = Keine Verbindung mit { $peer }.
firewall-try = Vielleicht steht auf einer Seite eine Firewall im Weg. Rufen Sie noch einmal an, oder versuchen Sie es über ein anderes Netz.
their-app-failed = Die App auf der anderen Seite konnte den Anruf nicht aufbauen. Versuchen Sie es noch einmal.
call-not-set-up = Die beiden Apps konnten sich nicht über den Anruf einigen. Vielleicht braucht eine davon ein Update.
part-failed = Ein Teil des Anrufs konnte nicht starten. Schließen Sie andere Programme, und rufen Sie dann noch einmal an.
connection-lost = Die Verbindung mit { $peer } ist abgebrochen.

## Warum der Server einen Anruf nicht weitergibt

refused-version = Der Server versteht diese Version von Visavis nicht. Eines von beiden braucht ein Update.
refused-logged-out = Der Server hat Sie abgemeldet. Melden Sie sich wieder an.
refused-unknown = Unter diesem Namen ist niemand online.
refused-not-allowed = Der Server erlaubt diesen Anruf nicht.
refused-too-large = Die Beschreibung des Anrufs war dem Server zu groß. Versuchen Sie es mit weniger Netzwerkverbindungen.
refused-too-often = Das war zu oft. Versuchen Sie es in einer Minute noch einmal.
refused-room-full = In diesem Raum sind schon zwei Personen.
refused-unavailable = Die Server erreichen einander zurzeit nicht. Versuchen Sie es bald noch einmal.
refused-call = Der Server hat den Anruf abgelehnt.
log-in-first = Melden Sie sich an, bevor Sie jemanden anrufen.
own-name = Das ist Ihr eigener Name. Rufen Sie jemand anderen an.

## Bilder, die sich nicht zeigen lassen

their-picture-no-format = Das Bild von { $peer } lässt sich nicht zeigen: das Programm dort sendet kein H.264, und nur das lässt sich hier zeigen.
their-picture-refused = Das Bild von { $peer } lässt sich nicht zeigen: das Programm dort hat Video abgelehnt. Vielleicht kann es kein H.264, und nur das lässt sich hier zeigen.
their-picture-none = Das Bild von { $peer } lässt sich nicht zeigen: das Programm dort sendet kein Video.
their-picture-interlaced = Das Bild von { $peer } lässt sich nicht zeigen: es besteht aus Halbbildern. Eine andere Kamera oder ein anderes Programm dort hilft vielleicht.
their-picture-bits = Das Bild von { $peer } lässt sich nicht zeigen: es hat { $bits } Bit je Farbe, und nur 8 lassen sich zeigen. Ein anderes Programm oder eine andere Einstellung dort hilft vielleicht.
their-picture-colours = Das Bild von { $peer } lässt sich nicht zeigen: seine Farben sind feiner, als sich hier zeigen lässt. Ein anderes Programm oder eine andere Einstellung dort hilft vielleicht.
their-picture-size = Das Bild von { $peer } lässt sich nicht zeigen: es hat { $size } Punkte, und nicht mehr als 1920x1080 lassen sich zeigen. Dort lässt sich ein kleineres Bild wählen.
their-picture-memory = Das Bild von { $peer } lässt sich nicht zeigen: es braucht mehr Speicher als vereinbart. Ein anderes Programm oder eine andere Einstellung dort hilft vielleicht.
their-picture-profile = Das Bild von { $peer } lässt sich nicht zeigen: diese Art von H.264 ist hier unbekannt. Ein anderes Programm oder eine andere Einstellung dort hilft vielleicht.
their-picture-no-key-frame = Das Bild von { $peer } lässt sich nicht zeigen: seit einer Weile kam kein ganzes Bild. Es hilft, dort die Kamera aus- und wieder einzuschalten.
cannot-see-you = { $peer } sieht Sie nicht
cannot-see-you-no-format = { $peer } sieht Sie nicht: das Programm dort nimmt kein H.264, und nur das wird hier gesendet.
cannot-see-you-refused = { $peer } sieht Sie nicht: das Programm dort hat Video abgelehnt.
cannot-see-you-none = { $peer } sieht Sie nicht: das Programm dort nimmt kein Video.

## Statistik

statistics = Statistik
close-statistics = Statistik schließen
statistics-soon = Die ersten Zahlen kommen gleich.
statistics-you-send = Gesendet
statistics-they-send = Empfangen
statistics-audio = Ton gesendet, empfangen
statistics-upload = Möglich beim Senden
statistics-round-trip = Umlaufzeit
statistics-lost = Verlust hin, zurück
statistics-jitter-buffer = Jitterpuffer: Ton, Bild
statistics-concealed = Überbrückter Ton
statistics-freezes = Standbilder
statistics-codec = Kodieren, Dekodieren
statistics-delay = Verzögerung: Bild, Ton
statistics-video = { $width }×{ $height }, { $rate }/s, { $bitrate }
plot-sent = Gesendet und möglich
plot-round-trip = Umlaufzeit
plot-lost = Verlust zurück und hin
plot-jitter-buffer = Jitterpuffer: Ton, Bild
plot-now = { $name }, die letzte Minute: jetzt { $values }
plot-not-measured = { $name }, die letzte Minute: jetzt nicht gemessen

## Who is at the other end.
key-missing = { $peer } hat diesen Anruf mit keinem Schlüssel signiert, obwohl es früher einen gab.
key-changed = Der Schlüssel von { $peer } hat sich geändert.
key-changed-advice = Von dem Anruf hat noch nichts begonnen. Fragen Sie { $peer } auf anderem Weg; wenn Sie anrufen, vergleichen Sie zuerst den Sicherheitscode.
call-untrusted = Der Anruf mit { $peer } war nicht sicher und wurde beendet.
untrusted-signature = Was ankam, war nicht mit dem Schlüssel der Gegenseite signiert. Vielleicht ist jemand dazwischen.
untrusted-certificate = Das Zertifikat der Gegenseite hat sich mitten im Anruf geändert. Vielleicht ist jemand dazwischen.
untrusted-opening = Der Sicherheitscode der Gegenseite wurde falsch geöffnet. Vielleicht ist jemand dazwischen.
untrusted-unreadable = Die Signatur der Gegenseite ist nicht lesbar. Bitten Sie die Gegenseite, Visavis zu aktualisieren.
call-refused-untrusted = Ein Anruf, der angeblich von { $peer } kam, wurde abgelehnt: Er war nicht mit dem angegebenen Schlüssel signiert. Vielleicht ist jemand dazwischen.
