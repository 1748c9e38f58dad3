# Sharing a screen or a window, and seeing the other's.

## Choosing

share = Teilen
share-hint = Einen Bildschirm oder ein Fenster teilen ({ $keys })
stop-sharing-hint = Nicht mehr teilen ({ $keys })
share-title = Einen Bildschirm oder ein Fenster teilen
share-line = { $peer } sieht nur, was Sie hier wählen, bis Sie aufhören.
share-screens = Bildschirme
share-windows = Fenster
share-portal = Bildschirm oder Fenster
share-portal-line = Ihr Desktop fragt, welches.
share-screen-numbered = Bildschirm { $number }
share-untitled = Fenster ohne Titel
share-name-and-size = { $name }, { $width }×{ $height }
share-camera = Meine Kamera in einer Ecke zeigen
share-sound = Ton dieses Computers
share-this-screen = Diesen Bildschirm teilen
share-this-window = Dieses Fenster teilen
share-looking = Suche nach Bildschirmen und Fenstern…
share-nothing = Es gibt keinen Bildschirm und kein Fenster zum Teilen.
close-share = Teilen schließen

## While sharing

share-other = Etwas anderes teilen
stop = Beenden
stop-sharing = Nicht mehr teilen
sees-screen = { $peer } sieht Ihren Bildschirm
sees-named-screen = { $peer } sieht Ihren Bildschirm „{ $name }“
sees-window = { $peer } sieht Ihr Fenster „{ $name }“
sees-untitled-window = { $peer } sieht Ihr Fenster
sees-what-you-chose = { $peer } sieht, was Sie gewählt haben
share-starts = Noch wird nichts geteilt…
share-desktop-asks = Wählen Sie im Dialog Ihres Desktops
share-hidden = Ihr Fenster ist gerade nicht zu sehen: { $peer } sieht es, wie es zuletzt war
what-they-see = Was { $peer } sieht

## When it ends by itself

share-ended-window = Das Fenster wurde geschlossen und wird nicht mehr geteilt.
share-ended-screen = Der Bildschirm wurde abgezogen und wird nicht mehr geteilt.
share-ended-not-allowed = Ihr Desktop hat es nicht erlaubt, oder es wurde nichts gewählt: Es wird nichts geteilt.
share-ended-desktop = Ihr Desktop hat das Teilen beendet.
share-ended-failed = Es wird nichts mehr geteilt: { $why } Teilen Sie bei Bedarf noch einmal.

## The other's screen

screen-of = Bildschirm von { $peer }
zoom-in = Größer
zoom-out = Kleiner
zoom-fit = Einpassen
zoom-fit-hint = In das Fenster einpassen (0)
zoom-original = Originalgröße
zoom-original-hint = Originalgröße (1)
zoom-now = Vergrößerung: { $percent }
keys-zoom = Den Bildschirm des anderen größer oder kleiner zeigen, im Anruf
keys-original = Den Bildschirm des anderen in Originalgröße zeigen, im Anruf
keys-text = Text und Dateien zeigen oder ausblenden, im Anruf
keys-share = Einen Bildschirm oder ein Fenster teilen oder damit aufhören, im Anruf
