# Was mit der App selbst nicht stimmt: ihre Einstellungen, ihr Schlüssel.

settings-damaged = Visavis beginnt mit den üblichen Einstellungen: Ihre waren beschädigt und liegen jetzt in { $file }.
settings-stuck = Visavis beginnt mit den üblichen Einstellungen: Ihre sind beschädigt, neue werden nicht gespeichert. Verschieben Sie { $file }.
settings-unread = Visavis beginnt mit den üblichen Einstellungen: Ihre sind nicht lesbar. Neue werden nicht gespeichert.
settings-ignored = Einige Einstellungen ergaben keinen Sinn und sind wie am Anfang: { $names }. Die Datei, wie sie war, liegt in { $file }.
settings-later = Ihre Einstellungen stammen von einer neueren Version von Visavis. Was diese nicht lesen kann, liegt in { $file }.
settings-unsaved = Ihre Auswahl wird nicht gemerkt: die Einstellungen lassen sich nicht speichern. Prüfen Sie, ob auf dem Datenträger Platz ist.
settings-unsaved-busy = Ihre Auswahl wird nicht gemerkt: der Computer ist zu beschäftigt. Schließen Sie andere Programme, und starten Sie Visavis neu.
recording-failed = Etwas konnte nicht aufgenommen werden. Prüfen Sie, ob auf dem Datenträger Platz ist.
key-unread = Der Schlüssel, zu dem Ihre Benutzernamen gehören, ist nicht lesbar. Prüfen Sie, wer { $file } lesen darf.
key-damaged = Der Schlüssel, zu dem Ihre Benutzernamen gehören, ist beschädigt. Stellen Sie { $file } aus einer Sicherung wieder her, oder entfernen Sie die Datei, um mit einem neuen Schlüssel zu beginnen.
key-unsaved = Ein Schlüssel für Ihre Benutzernamen lässt sich nicht speichern. Prüfen Sie, ob auf dem Datenträger Platz ist.

## Contacts, blocked names, calls

people-damaged-restored = Ihre Kontakte, Anrufe und gemerkten Schlüssel waren beschädigt. Es gelten die vom letzten Start, neuere Schlüssel fehlen; die beschädigte Datei ist jetzt { $file }.
people-damaged = Ihre Kontakte, Anrufe und gemerkten Schlüssel sind beschädigt und können nicht gezeigt werden. Die Datei ist jetzt { $file }.
people-missing = Ihre Kontakte, Anrufe und gemerkten Schlüssel fehlten. Es gelten die vom letzten Start; neuere Schlüssel fehlen.
people-stuck = Ihre Kontakte, Anrufe und gemerkten Schlüssel sind beschädigt, Änderungen werden nicht gespeichert. Verschieben Sie { $file }.
people-unread = Ihre Kontakte, Anrufe und gemerkten Schlüssel sind nicht lesbar. Änderungen werden nicht gespeichert.
people-later = Ihre Kontakte, Anrufe und gemerkten Schlüssel stammen von einer neueren Version von Visavis. Schlüssel können fehlen, Änderungen werden nicht gespeichert: aktualisieren Sie diese.
people-in-use = Visavis ist mit denselben Kontakten in einem anderen Fenster offen. Änderungen und neue Schlüssel von hier werden nicht gespeichert.
people-not-kept = Neue Kontakte, Anrufe und Schlüssel können nicht gespeichert werden. Prüfen Sie, ob auf dem Datenträger Platz ist.
people-disk-silent = Ihre Kontakte und gemerkten Schlüssel sind noch nicht lesbar: der Datenträger antwortet nicht.
people-not-exportable = Ihre Kontakte und Anrufe können jetzt nicht gesichert werden.
people-not-exported = Ihre Kontakte und Anrufe konnten dort nicht gesichert werden. Wählen Sie einen anderen Ordner.
people-exported = Ihre Kontakte und Anrufe sind in { $file } gesichert.
turned-away = { $name } wollte Sie anrufen und erfuhr, dass Sie in einem Anruf sind.
people-own-name = Das ist Ihr eigener Name.
people-blocked = Sie haben diesen Namen blockiert. Heben Sie das zuerst auf.
people-too-many = Mehr als { $most } Kontakte haben keinen Platz. Entfernen Sie zuerst welche.
people-too-many-blocked = Mehr als { $most } Namen können Sie nicht blockieren. Heben Sie zuerst welche auf.
people-name-too-long = Dieser Name ist zu lang. Höchstens { $most } Zeichen sind möglich.
people-no-contact = Einen Kontakt mit diesem Namen gibt es nicht mehr.
people-keys-of = Der gemerkte Schlüssel von { $names } ist nicht lesbar. Vergleichen Sie den Sicherheitscode noch einmal. Die beschädigte Datei ist jetzt { $file }.
people-keys-damaged = { $count ->
    [one] { $count } gemerkter Schlüssel ist nicht lesbar. Vergleichen Sie Sicherheitscodes noch einmal. Die beschädigte Datei ist jetzt { $file }.
   *[other] { $count } gemerkte Schlüssel sind nicht lesbar. Vergleichen Sie Sicherheitscodes noch einmal. Die beschädigte Datei ist jetzt { $file }.
}
people-key-differed = Für { $name } ist ein anderer Schlüssel gemerkt, als der Anruf eben hatte. Vergleichen Sie den Sicherheitscode, bevor Sie Vertrauliches sagen.
people-other-key = Für diesen Namen ist ein anderer Schlüssel gemerkt.
people-too-many-keys = Mehr als { $most } Schlüssel haben keinen Platz. Vergessen Sie zuerst welche.

## Der Schlüssel: wo er ist, und sein Weg auf einen anderen Computer

key-keyring-locked = Der Schlüssel, dem Ihre Namen gehören, ist in Ihrem Schlüsselbund, und der ist gesperrt. Entsperren Sie ihn und melden Sie sich dann wieder an.
key-keyring-silent = Der Schlüssel, dem Ihre Namen gehören, ist in Ihrem Schlüsselbund, und der antwortet nicht. Entsperren Sie ihn oder starten Sie ihn neu, und melden Sie sich dann wieder an.
key-keyring-missing = Der Schlüssel, dem Ihre Namen gehören, ist in Ihrem Schlüsselbund, und der ist nicht zu erreichen. Melden Sie sich neu am Computer an.
key-keyring-gone = Der Schlüssel, dem Ihre Namen gehören, ist nicht mehr in Ihrem Schlüsselbund. Importieren Sie ihn aus einer Datei, oder verschieben Sie { $file }, um mit einem neuen Schlüssel zu beginnen.
key-none = Es gibt noch keinen Schlüssel. Ihre erste Anmeldung macht einen.
key-busy = Mit Ihrem Schlüssel geschieht gerade etwas. Versuchen Sie es gleich noch einmal.
key-exported = Ihr Schlüssel ist in { $file }. Bringen Sie die Datei und ihre Passphrase zum anderen Computer.
key-imported = Der Schlüssel ist jetzt hier. Er gilt ab Ihrer nächsten Anmeldung.
key-imported-aside = Der Schlüssel ist jetzt hier und gilt ab Ihrer nächsten Anmeldung. Der bisherige liegt in { $file }.
key-imported-same = Das ist der Schlüssel, der schon hier ist.
key-not-kept-aside = Es wurde nichts geändert: Der Schlüssel, der hier ist, lässt sich nicht aufheben. Prüfen Sie, ob auf der Festplatte Platz ist.
key-export-exists = { $file } gibt es schon. Wählen Sie einen anderen Namen.
key-export-unwritten = { $file } lässt sich nicht schreiben. Wählen Sie einen anderen Ordner.
key-export-unread = { $file } lässt sich nicht lesen. Wählen Sie eine andere Datei.
key-export-none = Das ist keine Datei mit einem Schlüssel von Visavis.
key-export-newer = Diese Datei stammt von einer neueren Version von Visavis. Aktualisieren Sie diese hier.
key-export-damaged = Diese Datei ist beschädigt. Kopieren Sie sie noch einmal, oder exportieren Sie den Schlüssel noch einmal.
key-export-costly = Diese Datei ist nicht von Visavis: Sie zu öffnen würde zu lange dauern.
key-export-no-memory = Der Speicher reicht nicht. Schließen Sie andere Programme und versuchen Sie es noch einmal.
key-passphrase-wrong = Das ist nicht die Passphrase dieser Datei.
key-passphrase-too-short = Diese Passphrase ist zu kurz. Nehmen Sie mehrere Wörter.

## Sharing a screen

share-no-sound = Der Ton dieses Computers ist nicht zugänglich: Nur Ihre Stimme ist zu hören.
share-not-possible = Diese Arbeitsumgebung lässt Programme den Bildschirm nicht freigeben.
share-display-failed = Die Bildschirme dieses Computers lassen sich gerade nicht ansehen. Versuchen Sie es gleich noch einmal.
conversation-not-started = In diesem Anruf lässt sich nichts schreiben oder senden: Das System gibt Visavis keine Threads mehr.
