# Die Einstellungen: ihre Bereiche, und was darin steht.

settings-section = Bereich
settings-profile = Profil
settings-devices = Geräte
settings-calls = Anrufe
settings-network = Netzwerk
settings-notifications = Mitteilungen
settings-appearance = Aussehen
settings-shortcuts = Tastenkürzel
settings-data = Daten
settings-about = Über Visavis
settings-open = Öffnen
settings-copy = Kopieren
settings-copied = Kopiert
from-the-next-call-on = Was Sie hier ändern, gilt ab dem nächsten Anruf.

## Geräte

mirror-own-picture = Mein Bild spiegeln
automatic-volume-hint = Hält Ihre Stimme gleichmäßig laut.
trial-record = 3 s aufnehmen und abspielen
trial-tone = Ton abspielen
trial-ring = Anhören
trial-stop = Stopp
trial-opening = Einen Moment…
trial-recording = Aufnahme läuft. Sagen Sie etwas…
trial-playing-back = So hören Sie die anderen.
trial-playing = Wiedergabe läuft…
trial-not-in-call = Nach dem Anruf lassen sich Geräte ausprobieren.

## Anrufe

callers = Wer Sie anrufen kann
callers-everybody = Alle
callers-contacts = Nur Kontakte
callers-hint = Blockierte Namen erreichen Sie nie.
largest-picture = Größtes Bild, das Sie senden
frame-rate = Bilder je Sekunde
largest-bitrate = Höchstens verwenden
largest-bitrate-hint = Darunter passen sich Anrufe an.

## Das Netzwerk

relay-only = Meine Adresse verbergen
relay-only-hint = Anrufe laufen über ein Relay, was etwas länger dauert.
built-in-stun = Den eingebauten STUN-Server verwenden
built-in-stun-hint = Er nennt diesem Computer seine Adresse im Internet.
own-servers = Eigene Relay- (TURN) oder STUN-Server
own-servers-hint = Zusätzlich zu denen, die Ihr Server anbietet.
server-address = Adresse
server-address-example = turn:relay.example.org
server-address-wrong = Schreiben Sie sie wie stun:example.org oder turn:example.org:3478.
server-username = Benutzername beim Relay
server-password = Passwort
show-password = Passwort zeigen
server-credentials-missing = Ein Relay braucht Benutzername und Passwort. Geben Sie beides ein.
server-known = Dieser Server steht schon in der Liste.
too-many-servers = Das sind genug Server. Entfernen Sie erst einen.
server-unusable = Diese Adresse ist nicht verwendbar. Entfernen Sie sie.
server-with-password = Als { $name }, mit Passwort
server-without-password = Ohne Passwort
add-server = Server hinzufügen
remove-server = { $address } entfernen

## Mitteilungen und Klingelton

do-not-disturb-hint = Anrufe gelten als verpasst, ohne zu klingeln.
quiet-hours = Ruhezeiten
quiet-hours-hint = Dasselbe, täglich zu diesen Zeiten.
quiet-from = Von
quiet-until = Bis
time-wrong = Schreiben Sie eine Uhrzeit wie 22:30.
ring-aloud = Bei Anrufen klingeln
ring-volume = Lautstärke des Klingelns
ring-speaker = Klingeln über
ring-speaker-of-calls = Lautsprecher der Anrufe
ring-tone = Klingelton
ring-how = So klingt es
ring-bells = Glocken
ring-marimba = Marimba
ring-telephone = Telefon
ring-drops = Tropfen
show-notifications = Mitteilung auf dem Desktop zeigen
settings-tray = Nach dem Schließen im Infobereich bleiben
settings-tray-hint = Sie bleiben erreichbar.

## Aussehen

less-motion = Weniger Bewegung
less-motion-hint = Nichts gleitet, alles erscheint einfach.

## Profil

not-logged-in = Sie sind nicht angemeldet.
logged-in-at = Bei { $server }
settings-copy-link = Meinen Link kopieren
settings-server-encrypted = Verschlüsselt
settings-server-not-encrypted = Nicht verschlüsselt: Unterwegs lässt sich lesen, wer wen anruft.
your-key = Ihr Schlüssel
your-key-hint = Er beweist, dass der Name Ihnen gehört, und bleibt auf diesem Computer.
log-out-hint = Bis zur nächsten Anmeldung sind Sie nicht erreichbar.
log-out-in-call = Das beendet den Anruf. Trotzdem abmelden?
blocked-names-hint = Sie können Sie nicht anrufen und erfahren nichts von Ihnen.

## Daten

data-folder = Schlüssel, Kontakte und Anrufe
settings-folder = Einstellungen
folder-none = Nur bis zum Ende des Programms.
data-after-log-in = Melden Sie sich an, um Kontakte und Anrufe zu sichern oder zu löschen.
export-people = Kontakte, Anrufe und Schlüssel exportieren
export-people-hint = Auch blockierte Namen und die öffentlichen Schlüssel früherer Anrufe, als Datei, die andere Programme lesen können.
export-file = Datei
export-file-wrong = Geben Sie den ganzen Pfad einer Datei ein.
settings-export = Exportieren
settings-erase = Löschen
erase-history = Letzte Anrufe
erase-history-sure = Alle letzten Anrufe löschen? Das lässt sich nicht rückgängig machen.
erase-people = Alles über Personen
erase-people-hint = Kontakte, blockierte Namen, letzte Anrufe und gemerkte Schlüssel auf diesem Server.
erase-people-sure = Alle Kontakte, blockierten Namen, Anrufe und gemerkten Schlüssel löschen? Blockierte können wieder anrufen, und der nächste Anruf von jedem gilt als der erste: ein anderer Schlüssel fiele nicht auf. Das lässt sich nicht rückgängig machen.

## Über das Programm

licence = Freie Software, unter der MIT- oder Apache-2.0-Lizenz
build = Diese Ausgabe
build-of-commit = Commit { $commit }, gebaut am { $date }
build-of-unknown-commit = Gebaut am { $date }; der Commit ist nicht bekannt
build-in-development = Eine Entwicklungsausgabe: Commit und Tag sind nicht festgehalten
licences-inside = Was darin steckt
licences-inside-list = webrtc und egui (MIT oder Apache 2.0), OpenH264 (BSD), Opus und Sonora (BSD), die Schrift Inter (OFL) und weitere freie Software.
log = Protokoll
log-hint = Es steht dort, wo Visavis gestartet wurde: in jenem Terminal oder im Journal des Systems. Es enthält keine Adressen oder Schlüssel.

## Der Schlüssel

key-in-keyring = Im Schlüsselbund dieses Computers.
key-in-file = In der Datei { $file }.
move-key = Auf einen anderen Computer bringen
move-key-hint = Mit demselben Schlüssel sind Sie dort derselbe Mensch.
export-key = Schlüssel in einer Datei sichern
import-key = Schlüssel aus einer Datei benutzen
import-key-sure = Den Schlüssel ersetzen, der hier ist? Namen gehören ihm. Er wird aufgehoben.
key-passphrase = Passphrase
key-passphrase-again = Noch einmal dieselbe
key-passphrases-differ = Die beiden Passphrasen sind verschieden.
key-passphrase-weak = Schwach: Wer die Datei findet, kann sie erraten.
key-passphrase-fair = Mittel: Sie zu erraten dauert lange.
key-passphrase-strong = Stark.
key-working = Einen Moment…
key-save = Schlüssel sichern
key-use = Schlüssel benutzen
