# Kameras, Mikrofone und Lautsprecher: ihre Listen, und was mit ihnen nicht stimmt.

camera = Kamera
microphone = Mikrofon
speaker = Lautsprecher
system-default = Systemstandard
system-default-device = Standard: { $device }
sound-or-video-file = Datei { $name }
device-not-connected = { $device } (nicht angeschlossen)
test-picture = Testbild
test-tone = Testton
no-camera = Keine Kamera
no-microphone = Kein Mikrofon
no-sound = Kein Ton
look-for-devices = Geräte neu suchen
cancel-echo = Echo unterdrücken
cancel-echo-hint = Andere hören sich dann nicht selbst durch Ihren Lautsprecher.
reduce-noise = Geräusche mindern
automatic-volume = Automatische Lautstärke
their-volume = Lautstärke der anderen Seite
microphone-level = Pegel des Mikrofons

## Die Kamera

camera-none = Keine Kamera gefunden. Schließen Sie eine an.
camera-unknown = Die Kamera „{ $device }“ ist nicht da. Wählen Sie eine andere.
camera-busy = Die Kamera „{ $device }“ wird von einem anderen Programm benutzt. Schließen Sie dieses Programm, oder wählen Sie eine andere Kamera.
camera-forbidden = Visavis darf die Kamera „{ $device }“ nicht benutzen. Erlauben Sie es in den Datenschutzeinstellungen des Systems.
camera-no-answer = Die Kamera „{ $device }“ antwortet nicht. Stecken Sie sie neu an, oder wählen Sie eine andere.
camera-no-format = Die Kamera „{ $device }“ liefert kein Bild, das Visavis versteht. Wählen Sie eine andere.
camera-failed = Die Kamera „{ $device }“ lässt sich nicht öffnen. Wählen Sie eine andere.
camera-lost = Die Kamera wurde getrennt oder liefert nichts mehr. Schließen Sie sie wieder an, oder wählen Sie eine andere.
camera-slow = Die Kamera ist noch nicht offen. Erlauben Sie sie, falls das System fragt, oder wählen Sie eine andere.
video-file-failed = Die Videodatei { $name } lässt sich nicht abspielen. Wählen Sie eine Kamera.
nothing-comes-from-file = Aus { $name } kommt noch nichts. Starten Sie, was hineinschreibt.
nobody-reads-file = Niemand liest { $name }. Starten Sie, was daraus liest.
no-thread = Der Computer ist zu beschäftigt, um das Gerät zu öffnen. Schließen Sie andere Programme.
driver-failed = Das Gerät ist ausgefallen. Wählen Sie ein anderes.
call-without-picture = { $trouble } Der Anruf geht ohne Ihr Bild weiter.

## Das Mikrofon

microphone-none = Kein Mikrofon gefunden. Schließen Sie eines an.
microphone-unknown = Das Mikrofon „{ $device }“ ist nicht da. Wählen Sie ein anderes.
microphone-busy = Das Mikrofon „{ $device }“ wird von einem anderen Programm benutzt. Schließen Sie dieses Programm, oder wählen Sie ein anderes Mikrofon.
microphone-forbidden = Visavis darf das Mikrofon „{ $device }“ nicht benutzen. Erlauben Sie es in den Datenschutzeinstellungen des Systems.
microphone-failed = Das Mikrofon „{ $device }“ lässt sich nicht öffnen. Wählen Sie ein anderes.
microphone-no-answer = Das Mikrofon lässt sich nicht öffnen. Stecken Sie es neu an, oder wählen Sie ein anderes.
microphone-unusable = Dieses Mikrofon ist nicht verwendbar. Wählen Sie ein anderes.
microphone-slow = Das Mikrofon antwortet nicht. Wählen Sie ein anderes.
microphone-lost = Das Mikrofon wurde getrennt oder liefert nichts mehr. Schließen Sie es wieder an, oder wählen Sie ein anderes.
microphone-replaced = Das Mikrofon wurde getrennt. Stattdessen wird der Standard des Systems benutzt.
sound-file-failed = Die Tondatei lässt sich nicht abspielen. Wählen Sie ein Mikrofon.
call-without-voice = { $trouble } Der Anruf geht ohne Ihre Stimme weiter.

## Der Lautsprecher

speaker-none = Kein Lautsprecher gefunden. Schließen Sie einen an.
speaker-unknown = Der Lautsprecher „{ $device }“ ist nicht da. Wählen Sie einen anderen.
speaker-busy = Der Lautsprecher „{ $device }“ wird von einem anderen Programm benutzt. Schließen Sie dieses Programm, oder wählen Sie einen anderen Lautsprecher.
speaker-forbidden = Visavis darf den Lautsprecher „{ $device }“ nicht benutzen. Erlauben Sie es in den Datenschutzeinstellungen des Systems.
speaker-failed = Der Lautsprecher „{ $device }“ lässt sich nicht öffnen. Wählen Sie einen anderen.
speaker-no-answer = Der Lautsprecher lässt sich nicht öffnen. Stecken Sie ihn neu an, oder wählen Sie einen anderen.
speaker-unusable = Dieser Lautsprecher ist nicht verwendbar. Wählen Sie einen anderen.
speaker-slow = Der Lautsprecher antwortet nicht. Wählen Sie einen anderen.
speaker-lost = Der Lautsprecher wurde getrennt oder spielt nichts mehr. Schließen Sie ihn wieder an, oder wählen Sie einen anderen.
speaker-replaced = Der Lautsprecher wurde getrennt. Stattdessen wird der Standard des Systems benutzt.
recording-file-failed = In diese Datei lässt sich der Ton nicht aufnehmen. Wählen Sie einen Lautsprecher.
recording-stopped = Der Ton wird nicht mehr aufgenommen.
call-without-sound = { $trouble } Sie hören die andere Seite nicht.
sound-through-default = { $trouble } Sie hören die andere Seite über den Standard des Systems.

## Ausprobieren

trial-microphone-silent = Es war nichts zu hören. Sprechen Sie lauter, oder wählen Sie ein anderes Mikrofon.
trial-no-microphone = Es ist kein Mikrofon gewählt. Wählen Sie zuerst eines.
trial-no-speaker = Es ist kein Lautsprecher gewählt. Wählen Sie zuerst einen.
