# Who is at the other end of a call, and the keys of names.

## In one word

trust-verified = Verifiziert
trust-known = Verifiziert durch frühere Anrufe
trust-new = Neu
trust-perhaps-new = Vielleicht neu
trust-not-verified = Nicht verifiziert
trust-codes-differ = Codes verschieden
trust-key-changed = Schlüssel geändert

## While it rings

rings-verified = Verifiziert: Sie haben den Code am { $day } verglichen
rings-known = Verifiziert durch frühere Anrufe: derselbe Schlüssel
rings-new = Neu: mit diesem Namen haben Sie noch nie gesprochen
rings-new-key = Neu: von diesem Namen ist noch kein Schlüssel gemerkt
rings-perhaps-new = Vielleicht neu: hier fehlen gemerkte Schlüssel
rings-not-verified = Nicht verifiziert: nichts zeigt, wer anruft
desktop-call-not-verified = Videoanruf, nicht verifiziert
desktop-key-changed = Der Schlüssel von { $name } hat sich geändert. Öffnen Sie Visavis, um zu entscheiden.

## The safety code

safety-code = Sicherheitscode
safety-code-hint = { $state }. Was das heißt, und der Sicherheitscode ({ $keys })
close-safety-code = Sicherheitscode schließen
safety-verified-line = Sie haben den Code am { $day } mit { $name } verglichen, und heute ist es derselbe Schlüssel. Es ist nichts zu tun.
safety-known-line = Es ist derselbe Schlüssel wie in Ihren früheren Anrufen mit { $name }. Vergleichen Sie den Code einmal, um sicher zu sein, wem er gehört.
safety-new-line = Das ist Ihr erster Anruf mit dem Schlüssel von { $name }. Er wird ab jetzt gemerkt. Vergleichen Sie den Code einmal, um sicher zu sein, wem er gehört.
safety-perhaps-new-line = Auf diesem Computer fehlen gemerkte Schlüssel, { $name } kann also vorher einen anderen gehabt haben. Vergleichen Sie den Code, um sicher zu sein, wem dieser gehört.
safety-page-line = { $name } nutzt eine Webseite. Die Seite kommt vom Server; Sie verlassen sich also darauf, dass nicht mithört, wer ihn betreibt.
safety-unsigned-line = { $name } ruft von einer Webseite oder einer älteren App an, die keinen Schlüssel hat. Sie verlassen sich darauf, dass nicht mithört, wer den Server betreibt.
safety-withheld-line = Die App von { $name } hat ihren Teil des Codes nicht rechtzeitig geschickt, es gibt also nichts zu vergleichen. Sie verlassen sich darauf, dass nicht mithört, wer den Server betreibt.
safety-differ-title = Die Codes sind verschieden
safety-differ-line = Vielleicht sitzt jemand zwischen Ihnen. Sagen Sie in diesem Anruf nichts Vertrauliches. Beenden Sie ihn, und fragen Sie { $name } auf anderem Weg, was los ist.
safety-awaited = Der Code kommt gleich…
compare-aloud = Vergleichen Sie laut: lesen Sie und { $name } dieselben vier Wörter?
compare-means = Sind sie gleich, sitzt niemand zwischen Ihnen, auch der Server nicht. Das ist für jede Person nur einmal nötig.
codes-same = Sie sind gleich
codes-differ = Sie sind verschieden
compare-again = Noch einmal vergleichen
show-code = Code von heute zeigen
code-word = Wort { $number }: { $word }
keys-safety-code = Zeigen, wer am anderen Ende ist, und den Sicherheitscode, im Anruf

## A key that has changed

key-changed-title = Der Schlüssel von { $name } hat sich geändert
key-missing-title = { $name } hat keinen Schlüssel mehr
key-nothing-sent = Es wurde noch nichts gesendet: Kamera und Mikrofon sind aus. Das kann auf zwei Arten geschehen:
key-way-computer = { $name } hat einen neuen Computer
key-way-computer-line = oder hat Visavis neu eingerichtet. Dann ist alles gut.
key-way-page = { $name } benutzt eine Webseite oder eine ältere App
key-way-page-line = die keinen Schlüssel haben. Dann ist alles gut, nur zeigt es nichts.
key-way-other = Jemand anders benutzt diesen Namen
key-way-other-line = oder sitzt zwischen Ihnen und könnte den Anruf sehen und hören.
key-ask-calling = Fragen Sie { $name } auf anderem Weg. Wenn Sie anrufen, vergleichen Sie zuerst den Sicherheitscode.
key-ask-called = Fragen Sie { $name } auf anderem Weg. Wenn Sie annehmen, vergleichen Sie zuerst den Sicherheitscode.
key-ask-without = Fragen Sie { $name } auf anderem Weg. Wenn Sie jetzt sprechen, sagen Sie nichts Vertrauliches.
do-not-call = Nicht anrufen
call-and-compare = Anrufen und vergleichen
call-all-the-same = Trotzdem anrufen
allow-and-accept = Erlauben und annehmen

## What is remembered of somebody

person-verified-line = Sie haben den Sicherheitscode am { $day } laut mit { $name } verglichen.
person-known-line = Der Schlüssel ist seit dem { $day } derselbe. Vergleichen Sie in einem Anruf den Sicherheitscode, um sicher zu sein, wem er gehört.
person-changed = Der Schlüssel hat sich geändert
person-changed-line = Ein Anruf am { $day } hatte einen anderen Schlüssel als vorher oder keinen. Fragen Sie { $name } auf anderem Weg, bevor Sie sprechen.
forget-key = Diesen Schlüssel vergessen
forget-key-sure = Den Schlüssel von { $name } vergessen? Der nächste Anruf gilt als der erste: ein anderer Schlüssel fiele nicht auf.
forget = Vergessen
