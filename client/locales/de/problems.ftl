# Was mit der App selbst nicht stimmt: ihre Einstellungen, ihr Schlüssel.

settings-unread = Ihre Einstellungen sind nicht lesbar. Visavis beginnt mit den üblichen.
settings-damaged = Ihre Einstellungen sind beschädigt. Visavis beginnt mit den üblichen.
settings-unsaved = Ihre Auswahl wird nicht gemerkt: die Einstellungen lassen sich nicht speichern. Prüfen Sie, ob auf dem Datenträger Platz ist.
settings-unsaved-busy = Ihre Auswahl wird nicht gemerkt: der Computer ist zu beschäftigt. Schließen Sie andere Programme, und starten Sie Visavis neu.
recording-failed = Etwas konnte nicht aufgenommen werden. Prüfen Sie, ob auf dem Datenträger Platz ist.
key-unread = Der Schlüssel, zu dem Ihre Benutzernamen gehören, ist nicht lesbar. Prüfen Sie, wer { $file } lesen darf.
key-damaged = Der Schlüssel, zu dem Ihre Benutzernamen gehören, ist beschädigt. Stellen Sie { $file } aus einer Sicherung wieder her, oder entfernen Sie die Datei, um mit einem neuen Schlüssel zu beginnen.
key-unsaved = Ein Schlüssel für Ihre Benutzernamen lässt sich nicht speichern. Prüfen Sie, ob auf dem Datenträger Platz ist.
