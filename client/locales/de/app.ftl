# Das Fenster als Ganzes: Titel, Anmeldung, Tasten, Meldungen.

title-ringing = { $peer } ruft an – Visavis
title-calling = Anruf bei { $peer } – Visavis
title-in-call = Im Gespräch mit { $peer } – Visavis
title-logged-in = { $name } – Visavis

## Anmeldung

tagline = Private Videoanrufe zu zweit
username = Benutzername
username-example = alice
server = Server
server-example = calls.example.org
server-help = Über einen Server finden sich Leute. Bild und Ton laufen nicht über ihn. Geben Sie seine Adresse ein, oder fügen Sie die Einladung ein, die Sie bekommen haben.
log-in = Anmelden
logging-in = Anmeldung läuft…
cancel = Abbrechen
username-missing = Bitte einen Benutzernamen eingeben. Unter ihm werden Sie angerufen.
server-missing = Bitte die Adresse des Servers eingeben, zum Beispiel { $example }.

## Tasten

keyboard-shortcuts = Tastenkürzel
done = Fertig
keys-next = Weiter zum nächsten Element
keys-press = Schaltfläche drücken; die Leertaste tut es auch
keys-accept = Anruf annehmen
keys-hang-up = Anruf ablehnen, abbrechen oder beenden
keys-mute = Mikrofon stumm schalten oder wieder an, im Anruf
keys-talk = Halten, um trotz Stummschaltung zu sprechen, im Anruf
keys-camera = Kamera aus- oder einschalten, im Anruf
keys-mini-window = Minifenster und zurück, im Anruf
keys-snapshot = das Bild des anderen speichern, im Anruf
keys-full-screen = Vollbild, im Anruf
keys-whole-picture = Das ganze Bild zeigen oder das Fenster füllen, im Anruf
keys-statistics = Statistik zeigen, im Anruf
keys-leave = Vollbild verlassen, Liste schließen, zurück
keys-settings = Einstellungen öffnen
keys-help = Diese Tastenkürzel zeigen (ein Fragezeichen tut es auch)
one-key-or-other = { $one } oder { $other }
key-tab = Tab
key-enter = Eingabe
key-space = Leertaste
key-backspace = Rücktaste
key-escape = Esc
key-ctrl = Strg
key-shift = Umschalt
key-alt = Alt
key-delete = Entf
key-insert = Einfg
key-page-up = Bild auf
key-page-down = Bild ab
key-pause = Pause
no-keys = keine Tasten
shortcuts-how = Wählen Sie etwas aus und drücken Sie dann die neuen Tasten.
shortcuts-waiting = Neue Tasten drücken
shortcuts-press = Esc behält die alten, die Rücktaste lässt es ohne Tasten.
shortcuts-reset = Übliche Tasten wiederherstellen
keys-taken = { $keys } ist schon vergeben: { $what }. Drücken Sie andere Tasten.
keys-need-modifier = Das wirkt überall, also braucht es Strg oder Alt oder eine Funktionstaste wie F9.
keys-reserved = { $keys } wird zum Schreiben und Bewegen gebraucht. Drücken Sie andere Tasten.
keys-unknown = Diese Tasten gehen hier nicht. Drücken Sie andere.
talking-while-held = Man hört Sie, solange Sie { $keys } halten

## Meldungen

notices = Meldungen
dismiss = Schließen
dismiss-notice = Schließen: { $notice }
older-notices = und { $count } ältere

## Settings

settings = Einstellungen
theme = Farben
theme-follow = Wie das System
theme-dark = Dunkel
theme-light = Hell
language = Sprache
language-system = Wie das System
scale = Größe von allem
do-not-disturb = Nicht stören
begin-with-camera = Anrufe beginnen mit Kamera
begin-with-microphone = Anrufe beginnen mit Mikrofon

## The desktop

desktop-video-call = Videoanruf
desktop-answer = Annehmen
desktop-show = Visavis zeigen
desktop-mute = Mikrofon stummschalten
desktop-quit = Beenden
desktop-in-a-call = In einem Videoanruf
desktop-in-call-with = Im Anruf mit { $name }
invitation-elsewhere = Diese Einladung ist für einen anderen Server. Melden Sie sich ab, bei { $server } an, und öffnen Sie sie noch einmal.
desktop-missed-calls = { $count ->
    [one] { $count } verpasster Anruf
   *[other] { $count } verpasste Anrufe
}
desktop-missed-from = Verpasster Anruf von { $name }
desktop-names = { $names }
desktop-names-and-more = { $names } und { $more } weitere
