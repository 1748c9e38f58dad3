# What is written and sent in a call.

## The panel

text-and-files = Texte
text-hint = Texte et fichiers ({ $keys })
text-unread-hint = { $count ->
    [one] Texte et fichiers ({ $keys }) : { $count } message non lu
   *[other] Texte et fichiers ({ $keys }) : { $count } messages non lus
}
close-text = Fermer le texte
text-goes-straight = Va directement à { $peer }. Disparaît à la fin de l’appel, sauf si vous l’enregistrez.
text-none = Il n’y a pas de texte du côté de { $peer }. Vous pouvez toujours parler.
text-waiting = Il n’y a pas de liaison pour le texte en ce moment. Ce que vous écrivez part dès qu’il y en a une.
text-no-files = Le côté de { $peer } ne reçoit pas de fichiers.

## Writing

write-to = Message à { $peer }
write-message = Message
send-message = Envoyer
attach = Envoyer des fichiers
attach-files = Fichiers…
attach-folder = Un dossier…
attach-path = Par son chemin…
attach-path-title = Envoyer un fichier ou un dossier
attach-path-field = Fichier ou dossier
attach-path-wrong = Ce fichier ou dossier n’existe pas. Saisissez son chemin complet.
drop-to-send = Déposez pour envoyer à { $peer }

## Lines

line-sending = Envoi
line-sent = Envoyé
line-read = Lu
line-lost = Non remis
link-to = Lien vers { $host }
open-link-title = Ouvrir { $host } ?
open-link = Ouvrir dans le navigateur
link-not-opened = Aucun navigateur n’a pu être ouvert. Copiez plutôt le lien.
bubble-line = { $peer } : { $text }
bubble-offer = { $peer } veut vous envoyer { $name }

## Saving

save-text = Enregistrer ce qui a été dit
save-text-now = Enregistrer
choose-place = Choisir…
text-file-name = Visavis { $peer } { $time }.txt
text-saved = Enregistré sous { $file }

## Files

kind-picture = Image
kind-video = Vidéo
kind-sound = Son
kind-text = Texte
kind-pdf = PDF
kind-document = Document
kind-table = Tableur
kind-slides = Présentation
kind-archive = Archive
kind-program = Programme
kind-file = Fichier
kind-folder = { $count ->
    [one] Dossier avec { $count } fichier
   *[other] Dossier avec { $count } fichiers
}
file-and-size = { $kind }, { $size }
file-from = { $kind }, { $size }, de { $peer }
size-bytes = { $value } o
size-kilobytes = { $value } ko
size-megabytes = { $value } Mo
size-gigabytes = { $value } Go
so-much-of = { $done } sur { $size }
size-a-second = { $size }/s
left-seconds = { $count } s restantes
left-minutes = { $count } min restantes
left-hours = { $hours } h { $minutes } min restantes
transfer-progress = Progression de { $name }
transfer-preparing = Préparation…
transfer-offered = En attente de l’accord de { $peer }
transfer-paused-us = En pause, par vous
transfer-paused-them = En pause, par { $peer }
transfer-interrupted = Interrompu. Cela reprendra tout seul.
transfer-checking = Vérification…
transfer-done-out = { $peer } l’a reçu
transfer-done-in = Enregistré dans { $folder }
transfer-arrived = C’est arrivé
transfer-refused-us = Refusé par vous
transfer-refused-them = Refusé par { $peer }
transfer-cancelled-us = Annulé par vous
transfer-cancelled-them = Annulé par { $peer }
transfer-unreadable = Lecture impossible : { $why }
transfer-changed = Il a changé depuis qu’il a été proposé. Envoyez-le de nouveau.
transfer-unwritable = Impossible de l’enregistrer ici : { $why }
transfer-no-room = Il faut { $needs }, et il reste { $free } sur le disque. Libérez de la place, puis redemandez-le.
transfer-different = Ce qui est arrivé n’est pas ce qui était annoncé. Il n’a pas été gardé ; il faut le renvoyer.
transfer-protocol = Le côté de { $peer } a envoyé quelque chose d’incompréhensible. Une mise à jour de Visavis peut aider.
transfer-theirs = Il n’a pas pu être lu ou enregistré du côté de { $peer }.
transfer-call-ended = L’appel s’est terminé avant la fin.
transfer-executable = C’est un programme. Ne l’ouvrez que si vous l’attendiez.
save-to-downloads = Enregistrer dans Téléchargements
refuse = Refuser
transfer-pause = Mettre { $name } en pause
transfer-resume = Reprendre { $name }
transfer-cancel = Annuler { $name }
transfer-put-away = Masquer { $name }
show-file-in-folder = Afficher dans le dossier

## What could not be done

text-too-long = Un message compte au plus { $count } caractères. Envoyez-le en plusieurs fois.
too-many-transfers = Pas plus de { $count } à la fois. Attendez que l’un soit terminé.
text-not-saved = Enregistrement impossible : { $why }
text-closed = Le côté de { $peer } a fermé le texte. Vous pouvez toujours parler.

## The downloads folder

downloads-folder = Les fichiers reçus vont dans
downloads-usual = Le dossier de téléchargement du système
downloads-wrong = Ce dossier n’existe pas. Saisissez son chemin complet.
