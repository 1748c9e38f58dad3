# Warum man nicht angemeldet ist.

no-server-address = „{ $typed }“ ist keine Serveradresse. Schreiben Sie einen Namen wie calls.example.org.
server-unknown-name = Einen Server namens { $server } gibt es nicht. Prüfen Sie die Schreibweise, und ob dieser Computer online ist.
server-not-running = Unter { $server } läuft kein Server. Prüfen Sie die Adresse, und ob der Server läuft.
server-no-answer = { $server } antwortet nicht. Prüfen Sie die Adresse, und ob eine Firewall im Weg ist.
server-no-route = { $server } ist aus diesem Netz nicht erreichbar. Prüfen Sie, ob dieser Computer online ist.
server-silent-tls = { $server } antwortet nicht wie ein Server von Visavis. Prüfen Sie die Adresse. Ist der Server nicht verschlüsselt, schalten Sie „Verschlüsselte Verbindung“ aus.
server-silent = { $server } antwortet nicht wie ein Server von Visavis. Prüfen Sie die Adresse. Ist der Server verschlüsselt, schalten Sie „Verschlüsselte Verbindung“ ein.
server-not-encrypted = { $server } ist nicht verschlüsselt. Schalten Sie „Verschlüsselte Verbindung“ aus, oder fragen Sie nach der verschlüsselten Adresse.
server-encrypted = { $server } nimmt nur verschlüsselte Verbindungen an. Schalten Sie „Verschlüsselte Verbindung“ ein.
server-untrusted = Dem Zertifikat von { $server } vertraut dieser Computer nicht. Prüfen Sie die Adresse. Gehört der Server Ihnen, geben Sie ihm ein Zertifikat einer bekannten Stelle.
server-expired = Das Zertifikat von { $server } ist abgelaufen. Bitten Sie den Betreiber, es zu erneuern, und prüfen Sie die Uhr dieses Computers.
server-not-yet-valid = Das Zertifikat von { $server } gilt noch nicht. Prüfen Sie die Uhr dieses Computers.
server-other-name = Das Zertifikat von { $server } gilt für einen anderen Namen. Schreiben Sie den Namen so, wie er im Zertifikat steht.
server-bad-certificate = Das Zertifikat von { $server } ist nicht verwendbar. Sagen Sie es dem Betreiber.
server-encryption-fails = Eine verschlüsselte Verbindung mit { $server } kommt nicht zustande. Sagen Sie es dem Betreiber.
server-too-many = { $server } nimmt von hier vorerst keine Anmeldungen mehr an. Warten Sie eine Minute, und versuchen Sie es noch einmal.
server-behind-proxy = { $server } läuft zurzeit nicht. Versuchen Sie es später noch einmal, oder sagen Sie es dem Betreiber.
server-busy = { $server } ist überlastet oder startet neu. Versuchen Sie es gleich noch einmal.
server-not-admitted = { $server } lässt diesen Computer nicht ein. Fragen Sie den Betreiber.
server-moved = { $server } ist umgezogen. Fragen Sie den Betreiber nach der neuen Adresse.
server-none-there = Unter { $server } ist kein Server von Visavis. Prüfen Sie die Adresse.
server-failed = { $server } funktioniert zurzeit nicht. Sagen Sie es dem Betreiber.
server-connection-failed = Die Verbindung mit { $server } ist fehlgeschlagen. Versuchen Sie es noch einmal.
log-in-taken = Als { $name } ist schon jemand angemeldet. Wählen Sie einen anderen Benutzernamen.
log-in-taken-by-another = Als { $name } ist jemand anderes angemeldet. Wählen Sie einen anderen Benutzernamen.
log-in-other-name = Der Server hat Sie unter einem anderen Namen als { $name } eingelassen; Sie sind deshalb nicht angemeldet. Prüfen Sie seine Adresse.
log-in-name-refused = Der Server nimmt den Benutzernamen { $name } nicht an. Wählen Sie einen anderen.
log-in-not-allowed = Der Server lässt { $name } von diesem Gerät aus nicht ein. Vielleicht gehört der Name einem anderen Gerät.
log-in-refused = Der Server hat die Anmeldung ohne Angabe eines Grundes abgelehnt.
log-in-was-here = { $reason } War das dieses Gerät, dann schreiben Sie die Adresse des Servers wie damals.
logged-in-elsewhere = Sie haben sich als { $name } in einem anderen Fenster oder auf einem anderen Gerät angemeldet und sind hier abgemeldet. Melden Sie sich an, um zurückzukommen.

## Wo man sich anmeldet

username-help = Darunter ruft man Sie an. Wer einen Namen auf einem Server zuerst benutzt, behält ihn: ohne Passwort.
username-becomes = Andere sehen Sie als „{ $name }“.
by-address = Per Adresse
encrypted-connection = Verschlüsselte Verbindung
server-is-encrypted = Verschlüsselt: Unterwegs zum Server erfährt niemand, wen Sie anrufen.
server-is-open = Nicht verschlüsselt: Unterwegs zum Server können andere sehen, wen Sie anrufen.
encrypted-server = { $server }, verschlüsselt
open-server = { $server }, nicht verschlüsselt
recent-servers = Zuletzt benutzt
forget-server = { $server } vergessen
invitation-invalid = Das ist keine Einladung. Sie beginnt mit visavis:// und führt zu einem Server, zu einer Person oder in einen Raum.
invitation-too-long = Diese Einladung ist zu lang. Kopieren Sie nur den Link.
invitation-server = Diese Einladung nennt keinen Server. Bitten Sie um einen neuen Link.
invitation-name = Diese Einladung führt zu einem Namen, den niemand haben kann. Bitten Sie um einen neuen Link.
invitation-room = Diese Einladung führt in einen Raum, den es nicht geben kann. Bitten Sie um einen neuen Link.
invitation-path = Nach dem Namen geht diese Einladung weiter. Kopieren Sie nur den Link.
invitation-encoding = Diese Einladung wurde unterwegs beschädigt. Bitten Sie noch einmal um sie.
invitation-option = Diese Einladung sagt mehr, als diese Version von Visavis versteht. Bitten Sie um einen anderen Link.
invited-to-person = Sie sind eingeladen, { $name } auf { $server } anzurufen.
invited-to-room = Sie sind in den Raum { $room } auf { $server } eingeladen.
invited-to-server = Sie sind auf den Server { $server } eingeladen.
server-asks-for-no-key = Der Server unter { $server } hat nicht nach Ihrem Schlüssel gefragt, deshalb wurde niemand angemeldet. Bitten Sie den Betreiber, ihn zu aktualisieren, oder versuchen Sie es noch einmal.
