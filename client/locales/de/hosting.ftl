# Server in der Nähe, und einer auf diesem Computer

nearby = In der Nähe
start-one = Hier starten
start-and-log-in = Starten und anmelden
nearby-looking = Suche in Ihrem Netz
nearby-comes = Server in Ihrem Netz erscheinen hier von selbst.
nearby-none = In diesem Netz wurde kein Server gefunden. Geben Sie eine Adresse ein, oder starten Sie hier einen Server.
nearby-none-here = In diesem Netz wurde kein Server gefunden. Geben Sie die Adresse eines Servers ein.
nearby-servers = Server in der Nähe
nearby-online = { $count ->
    [0] Noch niemand online
    [one] { $count } Person online
   *[other] { $count } Personen online
}
nearby-choose = Wählen Sie zuerst einen Server aus der Liste.

start-here = Dieser Computer wird zum Server
start-here-line = In Ihrem Netz findet man ihn unter „In der Nähe“ als „{ $name }“. Er läuft, solange Visavis hier offen ist, und braucht keine Einrichtung.
server-here = Ihr Server läuft auf diesem Computer
server-here-line = { $count ->
    [one] Seine Adresse ist { $address }. { $count } Person ist angemeldet.
   *[other] Seine Adresse ist { $address }. { $count } Personen sind angemeldet.
}
stop-server = Server beenden
server-here-address = Adresse für andere
invite-qr-code = QR-Code des Links
server-here-alone = Dieser Computer ist in keinem Netz; nur er selbst erreicht den Server.
server-here-network = Alle in diesem Netz erreichen ihn. Aus dem Internet erreicht ihn niemand, außer Ihr Router leitet Port { $port } an diesen Computer weiter.
server-here-everyone = Alle im Internet erreichen ihn, sofern keine Firewall im Weg ist.
server-here-while-open = Er läuft, solange Visavis hier offen ist.
server-here-in-tray = Nach dem Schließen des Fensters im Infobereich weiterlaufen
stop-server-question = Server beenden?
closing-with-guests = Server und Visavis beenden?
closing-with-guests-line = { $count ->
    [one] { $count } andere Person benutzt den Server auf diesem Computer. Ohne ihn findet sie niemanden.
   *[other] { $count } andere Personen benutzen den Server auf diesem Computer. Ohne ihn finden sie niemanden.
}
stop-server-and-quit = Server und Visavis beenden
keep-server = Weiterlaufen lassen

server-here-ports = Es konnte kein Server gestartet werden: Andere Programme belegen alle Ports von { $first } bis { $last }. Schließen Sie eines davon, und versuchen Sie es noch einmal.
server-here-not-permitted = Dieser Computer lässt Visavis keinen Server starten. Fragen Sie, wer ihn verwaltet.
server-here-folder = Es konnte kein Server gestartet werden: { $folder }, wo er die Namen der Leute behält, ist nicht beschreibbar. Geben Sie sich das Recht, dort zu schreiben.
server-here-full = Es konnte kein Server gestartet werden: Der Datenträger ist voll. Schaffen Sie Platz, und versuchen Sie es noch einmal.
server-here-already = Ein anderes Fenster betreibt auf diesem Computer schon einen Server. Wählen Sie ihn unter „In der Nähe“.
server-here-names = Es konnte kein Server gestartet werden: Die Namen der Leute in { $file } sind nicht lesbar. Verschieben Sie die Datei, um neu zu beginnen.
server-here-failed = Hier konnte kein Server gestartet werden. Versuchen Sie es noch einmal, oder wählen Sie einen anderen.
